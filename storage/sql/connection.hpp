// One connection to one MariaDB server: opened, set up, and closed by its lifetime.
#pragma once

#include "core/base/time.hpp"
#include "core/configuration/settings.hpp"
#include "storage/sql/error.hpp"
#include "storage/sql/statement.hpp"

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

struct st_mysql;

namespace cm::storage {

/// Time-outs of one connection. The client library counts whole seconds: they are rounded up. 0 is none.
struct connection_timeouts {
  std::chrono::milliseconds connect{5000}; ///< TCP, TLS and login; the look-up of the host name is not in it
  std::chrono::milliseconds socket{10000}; ///< each read and each write
};

/// Rows of a small result in text form.
using text_rows = std::vector<std::vector<std::optional<std::string>>>;

/// Not thread-safe. Never reconnects by itself: after a failure whose kind is not usable or retryable it is to be
/// destroyed.
class connection {
public:
  /// Connects, logs in and sets the session up (storage/sql/session_settings.hpp). A server that cannot be written is a
  /// failure of kind read_only.
  ///
  /// TLS: verify_ca checks the certificate's chain, verify_full the host name too, trusted neither; the password never
  /// makes up for a certificate that is not trusted. Where Connector/C 3.4 or later cannot do this exactly, it is
  /// stricter: verify_full is refused for the hosts "127.0.0.1" and "::1", whose name it does not check; verify_ca
  /// checks the name too with 3.4.0 to 3.4.8, without OpenSSL, and where CM was compiled with one before 3.4.9.
  ///
  /// With verify_full, and from Connector/C 3.4 on with verify_ca, no login is sent before these checks. Else a mode is
  /// weaker than its name where somebody can change the traffic: the client library drops TLS when the server claims to
  /// have none. This is found here after the login and is an error; so that the login gives no password away then,
  /// methods that send it in clear text are refused with trusted and verify_ca.
  [[nodiscard]] static outcome<std::unique_ptr<connection>>
  open(const core::database_settings& settings, const core::network_address& host, connection_timeouts timeouts);

  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Runs one statement that has no result.
  [[nodiscard]] outcome<void> run(std::string_view sql);

  /// Runs one statement with a small result.
  [[nodiscard]] outcome<text_rows> query(std::string_view sql);

  /// The prepared statement of this text, made at the first call and kept with the connection until it fails. There
  /// must be few texts.
  [[nodiscard]] outcome<statement*> prepared(const std::string& sql, std::span<const column> columns = {});

  // -- for storage/sql/transaction.hpp
  // --------------------------------------------------------------------------------------

  /// A transaction is about to begin: from now on the connection is unsettled.
  void unsettle() noexcept { settled_ = false; }

  /// The server has acknowledged the end of a transaction. A failure of kind broken, and still unsettled, where its
  /// acknowledgement says that a transaction is open nevertheless.
  [[nodiscard]] outcome<void> settle();

  /// Sends ROLLBACK, whatever is thought to be open, and settles the connection.
  [[nodiscard]] outcome<void> roll_back();

  /// Whether the server has acknowledged the end of every transaction that began. A connection that is not settled
  /// between two commands must be destroyed.
  [[nodiscard]] bool settled() const noexcept { return settled_; }

  /// When the database's record of the hash key was last read on this connection and found right
  /// (storage/tokens/token_insertion.cpp); nothing before the first time.
  [[nodiscard]] std::optional<core::steady_time> hash_key_seen() const noexcept { return hash_key_seen_; }

  void hash_key_seen(core::steady_time at) noexcept { hash_key_seen_ = at; }

  /// "host:port".
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

  /// As the server tells: "10.11.19-MariaDB-0+deb12u1".
  [[nodiscard]] const std::string& server_version() const noexcept { return server_version_; }

  /// The server's number of this connection.
  [[nodiscard]] std::uint64_t id() const noexcept;

  /// From now on every statement waits until the server, a node of a Galera cluster, has applied what the cluster
  /// committed before (`wsrep_sync_wait`); check_writable() does not.
  [[nodiscard]] outcome<void> wait_for_cluster();

  /// Asks whether the server can be written; a failure of kind read_only where it cannot.
  /// @return the server's clock at this moment
  [[nodiscard]] outcome<core::timestamp> check_writable();

private:
  connection(st_mysql* handle, std::string address);

  [[nodiscard]] outcome<void> set_up(connection_timeouts timeouts);
  [[nodiscard]] failure failed(std::string_view doing) const;

  struct closer {
    void operator()(st_mysql* handle) const noexcept;
  };

  std::unique_ptr<st_mysql, closer> handle_; // outlives the statements
  std::string address_;
  std::string server_version_;
  std::unordered_map<std::string, std::unique_ptr<statement>> statements_;
  std::optional<core::steady_time> hash_key_seen_;
  bool settled_ = true;
  bool waits_for_cluster_ = false;
};

/// "host:port", with brackets around an IPv6 address.
[[nodiscard]] std::string to_string(const core::network_address& address);

} // namespace cm::storage
