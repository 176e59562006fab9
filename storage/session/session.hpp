// The database session of one worker: keeps one connection open and executes commands on it.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/configuration/settings.hpp"
#include "core/credentials/token.hpp"
#include "storage/schema/schema.hpp"
#include "storage/session/commands.hpp"
#include "storage/sql/attempt.hpp"
#include "storage/sql/host_choice.hpp"

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>

namespace cm::storage {

class connection;

/// The server that the session is connected to.
struct server_info {
  std::string address; ///< host:port
  std::string version; ///< as the server reports it
};

/// Event counts since the session was created.
struct session_counters {
  std::uint64_t connects = 0; ///< connections opened
  std::uint64_t drops = 0;    ///< connections dropped: broken, read-only, wrong schema
  std::uint64_t retries = 0;  ///< repetitions after a deadlock or a lock time-out
};

/// Blocking. Use it from one thread at a time, which must own a client_thread. Starts no threads and writes no log.
/// Every call is bounded: connecting by the connect time-out per host, each request to the server by the socket
/// time-out.
class session {
public:
  /// Does not connect yet.
  /// @param newer how to treat a schema newer than this program, until the first schema was accepted; after that, newer
  ///        versions are always accepted. Pass `accepted` for a session that replaces an earlier one of the same
  ///        process.
  /// @param hash_key fingerprint of the key that hashes tokens (core::key_fingerprint); empty: the database's record of
  ///        the key is not checked
  /// @param hosts shared by the sessions of a process; null: this session has a preferred host of its own
  explicit session(core::database_settings settings, newer_schema newer = newer_schema::refused,
                   std::optional<core::token_hash> hash_key = {}, std::shared_ptr<host_choice> hosts = {});
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Connects to the first host that accepts the connection and is writable, starting with the preferred one, and
  /// migrates the schema. No effect if already connected to the preferred host; a connection to another host is closed
  /// first.
  /// @param deadline see connect_to_any(); it does not interrupt a migration
  /// @return on failure: unavailable (try again later: no host is available, or another process migrates), or internal;
  ///         see refused()
  [[nodiscard]] core::expected<void> connect(core::steady_time deadline = core::steady_time::max());

  /// New connections use the username and password of `settings`. The present one stays.
  void replace_login(const core::database_settings& settings);

  /// Closes the connection.
  void disconnect() noexcept;

  /// Whether there is a connection. It may be broken: only the next request shows that.
  [[nodiscard]] bool connected() const noexcept;

  /// Whether there is a connection to a host other than the preferred one; connect() replaces it.
  [[nodiscard]] bool left_behind() const noexcept { return connection_ && host_ != hosts_->preferred(); }

  /// Whether the last connect() failed because this program must not use this database: its schema is unknown, or its
  /// tokens are hashed with another key. Retrying does not help until an operator intervenes. last_error() has the
  /// reason.
  [[nodiscard]] bool refused() const noexcept { return refused_; }

  /// Executes the command. Connects first if there is no connection, or if the process prefers another host.
  ///
  /// After a deadlock or a lock time-out it repeats the command up to six times, with jittered pauses. If the
  /// connection breaks or becomes read-only, it replaces the connection once and repeats the command. That is safe for
  /// every command: a repetition first checks whether the lost attempt was committed. After such a repetition
  /// activated_tokens may lack tokens that the lost attempt activated. A connection is reused only if the server has
  /// acknowledged the end of every transaction on it.
  /// @param deadline if it has passed already: `expired`, without access to the database. No attempt begins
  ///        after it, but only the socket time-out bounds a request in progress.
  /// @return the reply that belongs to the command; on failure the errors that the command documents, or
  ///         unavailable (the same command may be repeated), or internal
  [[nodiscard]] core::expected<reply> execute(const command& what, core::steady_time deadline);

  /// Empty while there is no connection.
  [[nodiscard]] std::optional<server_info> server() const;

  /// Text of the last failure, for the log and the health report. Contains no secrets; empty before the first failure.
  [[nodiscard]] const std::string& last_error() const noexcept { return last_error_; }

  [[nodiscard]] const session_counters& counters() const noexcept { return counters_; }

private:
  [[nodiscard]] outcome<void> open(core::steady_time deadline);
  [[nodiscard]] outcome<void> open_once(core::steady_time deadline);
  [[nodiscard]] outcome<void> prepare_schema(connection& db);
  [[nodiscard]] outcome<void> check_hash_key(connection& db);
  [[nodiscard]] failure refuse(std::string why);
  void drop() noexcept;
  void prefer_next_host() noexcept;

  core::database_settings settings_;
  newer_schema newer_;
  std::optional<core::token_hash> hash_key_;
  std::shared_ptr<host_choice> hosts_;
  bool refused_ = false;
  std::size_t host_ = 0; ///< index of the connected host
  std::unique_ptr<connection> connection_;
  std::string last_error_;
  session_counters counters_;
};

} // namespace cm::storage
