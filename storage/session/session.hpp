// One worker's way to the database: a connection at most, kept up, and commands carried out on it.
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

/// Whom the session talks to.
struct server_info {
  std::string address; ///< host:port
  std::string version; ///< as the server tells
};

/// What has happened since the session was made.
struct session_counters {
  std::uint64_t connects = 0; ///< connections that were made
  std::uint64_t drops = 0;    ///< connections that were given up: broken, read-only, wrong schema
  std::uint64_t retries = 0;  ///< transactions repeated after a deadlock or a lock time-out
};

/// Blocking; used by one thread at a time, which has a client_thread. Starts no thread, writes no log. Every call is
/// bounded: connecting by the connect time-out for each host, each exchange with the server by the socket time-out.
class session {
public:
  /// Does not connect yet.
  /// @param newer what to do about a schema newer than this program, until a schema was accepted once: after that,
  ///        newer versions are accepted in any case. `accepted` is for a session that takes the place of one that ran.
  /// @param hash_key the fingerprint of the key that tokens are hashed with (core::key_fingerprint); without one, the
  ///        database's record of it is not looked at
  /// @param hosts shared by the sessions of a process; null: this session chooses by itself
  explicit session(core::database_settings settings, newer_schema newer = newer_schema::refused,
                   std::optional<core::token_hash> hash_key = {}, std::shared_ptr<host_choice> hosts = {});
  ~session();
  session(const session&) = delete;
  session& operator=(const session&) = delete;

  /// Connects to the first host that takes the connection and can be written, beginning with the process's preferred
  /// one, and brings the schema up to date. Nothing happens when it is connected to the preferred host; a connection to
  /// another one is given up first.
  /// @param deadline see connect_to_any(); a migration is not cut off by it
  /// @return unavailable (try again later: no host, or another process migrates), or internal with refused()
  [[nodiscard]] core::expected<void> connect(core::steady_time deadline = core::steady_time::max());

  /// Gives the connection up.
  void disconnect() noexcept;

  /// As far as is known: only the next exchange can tell.
  [[nodiscard]] bool connected() const noexcept;

  /// Whether there is a connection, and the process prefers another host: connect() moves it there.
  [[nodiscard]] bool left_behind() const noexcept { return connection_ && host_ != hosts_->preferred(); }

  /// Whether the last connect() failed because this program must not work on this database: its schema is not one that
  /// it knows, or its tokens are stored under another key. Trying again will not help until somebody acts. last_error()
  /// says why.
  [[nodiscard]] bool refused() const noexcept { return refused_; }

  /// Carries the command out. Connects where there is no connection, and anew where the process prefers another host.
  /// A deadlock or lock time-out is repeated a few times with jitter; a connection that broke or became read-only is
  /// replaced once and the command repeated, which is safe for every command: a repetition looks first whether the lost
  /// attempt was committed. After such a repetition activated_tokens may miss what the lost attempt had changed.
  /// A connection serves the next command only if the server has acknowledged the end of every transaction on it.
  /// @param deadline past already: `expired`, and the database is not touched. No new attempt begins after it, but an
  ///        exchange that is under way is bounded by the socket time-out only.
  /// @return the reply of the command's kind, or the error of its comment, or unavailable (may be repeated as it is),
  /// or
  ///         internal
  [[nodiscard]] core::expected<reply> execute(const command& what, core::steady_time deadline);

  /// Nothing while there is no connection.
  [[nodiscard]] std::optional<server_info> server() const;

  /// The last failure in words for the log and the health answer; without secrets. Empty before the first.
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
  std::size_t host_ = 0; ///< of the connection
  std::unique_ptr<connection> connection_;
  std::string last_error_;
  session_counters counters_;
};

} // namespace cm::storage
