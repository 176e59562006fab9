// One connection to one MariaDB server: RAII, with its session variables set.
#pragma once

#include "core/base/time.hpp"
#include "core/configuration/settings.hpp"
#include "storage/sql/error.hpp"
#include "storage/sql/exchange.hpp"
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

/// Time-outs of one connection. 0: no time-out.
struct connection_timeouts {
  std::chrono::milliseconds connect{5000}; ///< TCP, TLS and login together; excludes the DNS look-up
  std::chrono::milliseconds socket{10000}; ///< each statement, from its first byte to the last one of its result
  std::chrono::milliseconds silence{0};    ///< until open() has returned: how long the server may send nothing
};

/// Rows of a small result in text form; an empty optional is NULL.
using text_rows = std::vector<std::vector<std::optional<std::string>>>;

/// Not thread-safe; its calls block. Never reconnects automatically: after a failure of any kind other than usable or
/// retryable, destroy it.
class connection {
public:
  /// Connects, logs in and sets the session variables (storage/sql/session_settings.hpp). A server that does not accept
  /// writes is a failure of kind read_only.
  ///
  /// TLS: verify_ca checks the certificate chain, verify_full also the host name, trusted neither. A correct password
  /// never replaces an untrusted certificate. Where Connector/C 3.4 or later cannot do exactly this, CM is stricter:
  /// verify_full is refused for the hosts "127.0.0.1" and "::1", because the library does not check their names;
  /// verify_ca checks the name too with Connector/C 3.4.0 to 3.4.8, with a TLS library other than OpenSSL, and if CM
  /// was compiled with a Connector/C before 3.4.9.
  ///
  /// With verify_full, and with verify_ca from Connector/C 3.4 on, these checks precede the login. In the other cases
  /// an active attacker can downgrade the connection: the client library drops TLS when the server claims not to
  /// support it. open() detects this after the login and fails. To protect the password in this case, trusted and
  /// verify_ca refuse login methods that send it in clear text.
  [[nodiscard]] static outcome<std::unique_ptr<connection>>
  open(const core::database_settings& settings, const core::network_address& host, connection_timeouts timeouts);

  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  /// Runs one statement without a result set.
  [[nodiscard]] outcome<void> run(std::string_view sql);

  /// Runs one statement and returns its result set, which must be small.
  [[nodiscard]] outcome<text_rows> query(std::string_view sql);

  /// Returns the prepared statement for this text. It is prepared at the first call, cached in the connection, and
  /// prepared again after it failed. The cache is unbounded: use only a small set of texts.
  /// @param columns of the result; only used when the statement is prepared
  [[nodiscard]] outcome<statement*> prepared(const std::string& sql, std::span<const column> columns = {});

  // -- for storage/sql/transaction.hpp -------------------------------------------------------------------------------

  /// Marks the connection as unsettled: a transaction is about to begin.
  void unsettle() noexcept { settled_ = false; }

  /// Marks the connection as settled after the server acknowledged the end of a transaction. If the server status says
  /// that a transaction is still open: a failure of kind broken, and the connection stays unsettled.
  [[nodiscard]] outcome<void> settle();

  /// Sends ROLLBACK, even if no transaction seems to be open, and settles the connection.
  [[nodiscard]] outcome<void> roll_back();

  /// Whether the server has acknowledged the end of every transaction on this connection. A connection that is
  /// unsettled between two commands must be destroyed.
  [[nodiscard]] bool settled() const noexcept { return settled_; }

  /// When this connection last verified the database's record of the hash key (storage/tokens/token_insertion.cpp);
  /// empty before the first time.
  [[nodiscard]] std::optional<core::steady_time> hash_key_seen() const noexcept { return hash_key_seen_; }

  void hash_key_seen(core::steady_time at) noexcept { hash_key_seen_ = at; }

  // -- limits ---------------------------------------------------------------------------------------------------------

  /// The statements from now on end by this time, beside the time-out of each: after it the connection is broken.
  void limit(core::steady_time deadline) noexcept { waits_.limit_all(deadline); }

  /// How long the server may send nothing from now on; 0: no limit but the time-out.
  void limit_silence(std::chrono::milliseconds time) noexcept { waits_.limit_silence(time); }

  /// Asked while a statement waits for a silent server (storage/sql/exchange.hpp).
  void watch(silence_watch watch) { waits_.watch(std::move(watch)); }

  /// Whether CM itself has ended the connection, because of a limit or of the watch.
  [[nodiscard]] bool cut() const noexcept { return !waits_.cut_because().empty(); }

  /// "host:port".
  [[nodiscard]] const std::string& address() const noexcept { return address_; }

  /// As the server reports it: "10.11.19-MariaDB-0+deb12u1".
  [[nodiscard]] const std::string& server_version() const noexcept { return server_version_; }

  /// The server's connection ID: of the server itself, also behind a proxy that numbers connections.
  [[nodiscard]] std::uint64_t id() const noexcept { return id_; }

  /// "hostname:port" of the server itself: equal for two connections to one server, however they reach it.
  [[nodiscard]] const std::string& server_name() const noexcept { return server_name_; }

  /// For a node of a Galera cluster: from now on every statement, except those of check_writable(), waits until the
  /// node has applied all transactions that the cluster committed before it (`wsrep_sync_wait`).
  [[nodiscard]] outcome<void> wait_for_cluster();

  /// Checks that the server accepts writes; otherwise a failure of kind read_only.
  /// @param proof an expression that the server has to evaluate too, such as a subquery: a node outside of its cluster
  ///        reports its variables, and fails at every table
  /// @return the server's current time
  [[nodiscard]] outcome<core::timestamp> check_writable(std::string_view proof = "NULL");

  /// The same as query(), but does not wait for the cluster: for statements about the server itself.
  [[nodiscard]] outcome<text_rows> query_node(std::string_view sql);

private:
  connection(st_mysql* handle, std::string address);

  [[nodiscard]] outcome<void> set_up(connection_timeouts timeouts);
  [[nodiscard]] outcome<void> identify();
  [[nodiscard]] failure failed(std::string_view doing) const;

  struct closer {
    void operator()(st_mysql* handle) const noexcept;
  };

  std::unique_ptr<st_mysql, closer> handle_; // must outlive waits_ and statements_
  exchange waits_;                           // must outlive statements_
  std::string address_;
  std::string server_version_;
  std::string server_name_;
  std::uint64_t id_ = 0;
  std::unordered_map<std::string, std::unique_ptr<statement>> statements_;
  std::optional<core::steady_time> hash_key_seen_;
  bool settled_ = true;
  bool waits_for_cluster_ = false;
};

/// "host:port", with brackets around an IPv6 address.
[[nodiscard]] std::string to_string(const core::network_address& address);

} // namespace cm::storage
