// Parses the JDBC URL of spring.datasource.url in the syntax of MariaDB Connector/J.
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/configuration/settings.hpp"

#include <chrono>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core {

/// The parts of a JDBC URL.
struct jdbc_url {
  std::vector<network_address> hosts; ///< in the order of the URL, at least one; IPv6 without brackets
  std::string database;               ///< never empty
  tls_mode tls = tls_mode::disabled;
  std::string tls_ca_file; ///< serverSslCert without `file:`; whether it can be read is not checked here
  std::optional<std::chrono::milliseconds> connect_timeout; ///< at least 1 ms
  std::optional<std::chrono::milliseconds> socket_timeout;  ///< at least 1 ms
  std::string username;                                     ///< empty if the URL has none
  secret password;
  std::vector<std::string> warnings; ///< accepted parts that have no effect, or another one than in Connector/J

  friend bool operator==(const jdbc_url&, const jdbc_url&) = default;
};

/// Parses `jdbc:mariadb:[mode:]//host[:port][,…]/database[?name=value&…]`, also with `jdbc:mysql:`. The modes
/// sequential, loadbalance, failover, replication and load-balance-read all mean that CM tries the hosts in this order.
/// A host may be written as `address=(host=…)(port=…)`. Thread-safe.
/// @return errc::invalid with a message that states what was expected and contains no part of the URL that could be a
///   user name or password
[[nodiscard]] expected<jdbc_url> parse_jdbc_url(std::string_view text);

} // namespace cm::core
