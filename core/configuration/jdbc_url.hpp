// Takes the JDBC URL of spring.datasource.url apart, as MariaDB Connector/J spells it.
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

/// What a JDBC URL says about where the database is and how to reach it.
struct jdbc_url {
  std::vector<network_address> hosts; ///< in the order of the URL, at least one; IPv6 without brackets
  std::string database;               ///< never empty
  tls_mode tls = tls_mode::disabled;
  std::string tls_ca_file; ///< serverSslCert without `file:`; whether it can be read is not checked here
  std::optional<std::chrono::milliseconds> connect_timeout; ///< at least 1 ms
  std::optional<std::chrono::milliseconds> socket_timeout;  ///< at least 1 ms
  std::string username;                                     ///< empty where the URL names none
  secret password;
  std::vector<std::string> warnings; ///< what was accepted without having the effect it has elsewhere

  friend bool operator==(const jdbc_url&, const jdbc_url&) = default;
};

/// Reads `jdbc:mariadb:[mode:]//host[:port][,…]/database[?name=value&…]`; `jdbc:mysql:` too. The modes sequential,
/// loadbalance, failover, replication and load-balance-read all mean "in this order". A host may be written
/// `address=(host=…)(port=…)`.
/// @return errc::invalid with a message that says what was expected and never holds a part of the URL that could be
///         a login.
[[nodiscard]] expected<jdbc_url> parse_jdbc_url(std::string_view text);

} // namespace cm::core
