#include "core/configuration/jdbc_url.hpp"

#include "core/base/text.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <array>
#include <cstdint>
#include <set>
#include <utility>

namespace cm::core {

namespace {

using configuration::is_host_name;
using configuration::is_ipv6_address;

constexpr std::uint16_t default_port = 3306;
constexpr std::size_t max_hosts = 32;
constexpr std::size_t max_database_length = 64; // MariaDB's limit on identifiers
constexpr std::int64_t max_timeout_ms = 3'600'000;

error wrong_url(std::string message) {
  return make_error(errc::invalid, std::move(message));
}

// Removes `prefix` from the front of `text`; returns whether it was present.
bool skip(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix))
    return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<std::int64_t> number(std::string_view text, std::int64_t min, std::int64_t max) {
  return parse_number<std::int64_t>(text, min, max);
}

expected<std::uint16_t> parse_port(std::string_view text) {
  const auto port = number(text, 1, 65535);
  if (!port)
    return wrong_url("a port number from 1 to 65535 after each host");
  return static_cast<std::uint16_t>(*port);
}

// address=(host=a)(port=3306)(type=master)
expected<network_address> parse_address(std::string_view text) {
  network_address result{{}, default_port};
  while (!text.empty()) {
    const auto end = text.find(')');
    if (text.front() != '(' || end == std::string_view::npos)
      return wrong_url("address=(host=name)(port=number)");
    const auto part = text.substr(1, end - 1);
    text.remove_prefix(end + 1);
    const auto equals = part.find('=');
    if (equals == std::string_view::npos)
      return wrong_url("address=(host=name)(port=number)");
    const auto name = to_lower(part.substr(0, equals));
    const auto value = part.substr(equals + 1);
    if (name == "host") {
      result.host = value;
    } else if (name == "port") {
      const auto port = parse_port(value);
      if (!port)
        return port.error();
      result.port = *port;
    } else if (name != "type") {
      return wrong_url("address=(host=name)(port=number)");
    }
  }
  if (!is_host_name(result.host) && !is_ipv6_address(result.host))
    return wrong_url("a host name or address in address=(host=name)(port=number)");
  return result;
}

expected<network_address> parse_host(std::string_view text) {
  if (to_lower(text.substr(0, 8)) == "address=")
    return parse_address(text.substr(8));
  network_address result{{}, default_port};
  std::string_view rest;
  if (skip(text, "[")) {
    const auto end = text.find(']');
    if (end == std::string_view::npos || !is_ipv6_address(text.substr(0, end)))
      return wrong_url("an IPv6 address between brackets");
    result.host = text.substr(0, end);
    rest = text.substr(end + 1);
  } else {
    const auto colon = text.find(':');
    result.host = text.substr(0, colon);
    rest = colon == std::string_view::npos ? std::string_view{} : text.substr(colon);
    if (!is_host_name(result.host))
      return wrong_url("host names of letters, digits, '.', '-' and '_'");
  }
  if (rest.empty())
    return result;
  if (rest.front() != ':')
    return wrong_url("a port number from 1 to 65535 after each host");
  const auto port = parse_port(rest.substr(1));
  if (!port)
    return port.error();
  result.port = *port;
  return result;
}

expected<std::vector<network_address>> parse_hosts(std::string_view text) {
  std::vector<network_address> result;
  while (true) {
    const auto comma = text.find(',');
    auto host = parse_host(text.substr(0, comma));
    if (!host)
      return host.error();
    result.push_back(std::move(*host));
    if (result.size() > max_hosts)
      return wrong_url("at most " + std::to_string(max_hosts) + " hosts");
    if (comma == std::string_view::npos)
      return result;
    text.remove_prefix(comma + 1);
  }
}

std::optional<tls_mode> parse_tls_mode(std::string_view text) {
  std::string name = to_lower(text);
  std::replace(name.begin(), name.end(), '_', '-');
  using row = std::pair<std::string_view, tls_mode>;
  static constexpr std::array<row, 8> names{{
    {"disable", tls_mode::disabled},
    {"disabled", tls_mode::disabled},
    {"trust", tls_mode::trusted},
    {"required", tls_mode::trusted},
    {"verify-ca", tls_mode::verify_ca},
    {"verify-full", tls_mode::verify_full},
    {"verify-identity", tls_mode::verify_full},
    {"true", tls_mode::verify_full}, // as in Connector/J
  }};
  const auto* const found = std::find_if(names.begin(), names.end(), [&](const row& r) { return r.first == name; });
  return found == names.end() ? std::nullopt : std::optional{found->second};
}

std::optional<bool> parse_switch(std::string_view text) {
  const auto value = to_lower(text);
  if (value == "true" || value == "1" || value.empty())
    return true;
  if (value == "false" || value == "0")
    return false;
  return std::nullopt;
}

// Reads the parameters after the question mark. Five of them determine the TLS mode, so it is decided at the end.
class parameter_reader {
public:
  explicit parameter_reader(jdbc_url& url) : url_(url) {}

  std::optional<error> read(std::string_view text) {
    while (!text.empty()) {
      const auto end = text.find('&');
      if (auto fault = read_one(text.substr(0, end)))
        return fault;
      text = end == std::string_view::npos ? std::string_view{} : text.substr(end + 1);
    }
    decide_tls();
    return std::nullopt;
  }

private:
  std::optional<error> read_one(std::string_view text) {
    if (text.empty())
      return std::nullopt;
    const auto equals = text.find('=');
    const auto name = text.substr(0, equals);
    const auto value = equals == std::string_view::npos ? std::string_view{} : text.substr(equals + 1);
    const auto key = to_lower(name);
    if (!seen_.insert(key).second && known(key))
      url_.warnings.push_back("the parameter " + key + " is given twice; the last one counts");
    if (key == "usessl")
      return read_switch(use_tls_, "useSsl", value);
    if (key == "trustservercertificate")
      return read_switch(trust_, "trustServerCertificate", value);
    if (key == "disablesslhostnameverification")
      return read_switch(any_host_name_, "disableSslHostnameVerification", value);
    if (key == "connecttimeout")
      return read_timeout(url_.connect_timeout, "connectTimeout", value);
    if (key == "sockettimeout")
      return read_timeout(url_.socket_timeout, "socketTimeout", value);
    if (key == "sslmode") {
      mode_ = parse_tls_mode(value);
      if (!mode_)
        return wrong_url("sslMode to be disable, trust, verify-ca or verify-full");
    } else if (key == "serversslcert") {
      return read_certificate(value);
    } else if (key == "user") {
      url_.username = value;
      url_.warnings.emplace_back("the URL contains the user name; use MARIADB_USERNAME instead");
    } else if (key == "password") {
      url_.password = secret(std::string(value));
      url_.warnings.emplace_back("the URL contains the password; use MARIADB_PASSWORD instead");
    } else if (equals == std::string_view::npos || !is_host_name(name)) {
      // The message does not quote it: it may be the rest of a password that contains an ampersand.
      url_.warnings.emplace_back("a parameter that is not name=value is ignored");
    } else {
      url_.warnings.push_back("the parameter " + std::string(name) + " is unknown and ignored");
    }
    return std::nullopt;
  }

  static bool known(std::string_view key) {
    static constexpr std::array<std::string_view, 9> names{"usessl",
                                                           "trustservercertificate",
                                                           "disablesslhostnameverification",
                                                           "connecttimeout",
                                                           "sockettimeout",
                                                           "sslmode",
                                                           "serversslcert",
                                                           "user",
                                                           "password"};
    return std::find(names.begin(), names.end(), key) != names.end();
  }

  static std::optional<error> read_switch(std::optional<bool>& into, const char* name, std::string_view value) {
    into = parse_switch(value);
    if (!into)
      return wrong_url(std::string(name) + " to be true or false");
    return std::nullopt;
  }

  std::optional<error> read_timeout(std::optional<std::chrono::milliseconds>& into, const char* name,
                                    std::string_view value) {
    const auto ms = number(value, 0, max_timeout_ms);
    if (!ms)
      return wrong_url(std::string(name) + " to be a number of milliseconds from 1 to "
                       + std::to_string(max_timeout_ms));
    if (*ms == 0) {
      into.reset();
      url_.warnings.push_back(std::string(name) + "=0 (no limit) is not supported; the default is used");
    } else {
      into = std::chrono::milliseconds{*ms};
    }
    return std::nullopt;
  }

  std::optional<error> read_certificate(std::string_view value) {
    if (skip(value, "file:") && value.starts_with("///"))
      value.remove_prefix(2);
    if (value.empty() || value.starts_with("classpath:") || value.starts_with("-----"))
      return wrong_url("serverSslCert to be the path of a PEM file");
    url_.tls_ca_file = value;
    return std::nullopt;
  }

  void decide_tls() {
    if (mode_) {
      url_.tls = *mode_;
      if (use_tls_ && *use_tls_ != (*mode_ != tls_mode::disabled))
        url_.warnings.emplace_back("sslMode and useSsl contradict each other; sslMode takes precedence");
    } else if (use_tls_.value_or(false)) {
      url_.tls = trust_.value_or(false)           ? tls_mode::trusted
                 : any_host_name_.value_or(false) ? tls_mode::verify_ca
                                                  : tls_mode::verify_full;
    }
    if (url_.tls == tls_mode::disabled && !url_.tls_ca_file.empty())
      url_.warnings.emplace_back("serverSslCert has no effect without sslMode or useSsl=true");
  }

  jdbc_url& url_;
  std::set<std::string> seen_;
  std::optional<tls_mode> mode_;
  std::optional<bool> use_tls_;
  std::optional<bool> trust_;
  std::optional<bool> any_host_name_;
};

// Reads the optional "mode:" between "jdbc:mariadb:" and "//".
std::optional<error> read_mode(std::string_view mode, jdbc_url& url) {
  // The names and aliases of the MariaDB driver for Java, in any case.
  static constexpr std::array<std::string_view, 7> modes{
    "loadbalance:",      "load-balance:", "load_balance:", "load-balance-read:",
    "loadbalance-read:", "failover:",     "replication:"};
  const auto known = to_lower(mode);
  if (known.empty() || known == "sequential:")
    return std::nullopt;
  if (std::find(modes.begin(), modes.end(), known) == modes.end())
    return wrong_url("no mode before // or one of sequential, load-balance, failover, replication");
  url.warnings.push_back("the mode " + known.substr(0, known.size() - 1)
                         + " has the effect of sequential: the hosts are tried in their order");
  return std::nullopt;
}

} // namespace

expected<jdbc_url> parse_jdbc_url(std::string_view text) {
  constexpr auto shape = "a URL such as jdbc:mariadb://host:3306/database";
  const bool printable = std::all_of(text.begin(), text.end(), [](unsigned char c) { return c > 0x20 && c != 0x7f; });
  if (!printable || (!skip(text, "jdbc:mariadb:") && !skip(text, "jdbc:mysql:")))
    return wrong_url(shape);

  jdbc_url result;
  const auto slashes = text.find("//");
  if (slashes == std::string_view::npos)
    return wrong_url(shape);
  if (auto fault = read_mode(text.substr(0, slashes), result))
    return *fault;
  text.remove_prefix(slashes + 2);

  const auto question = text.find('?');
  const auto hosts_and_database = text.substr(0, question);
  const auto slash = hosts_and_database.find('/');
  auto hosts = parse_hosts(hosts_and_database.substr(0, slash));
  if (!hosts)
    return hosts.error();
  result.hosts = std::move(*hosts);
  if (slash == std::string_view::npos || slash + 1 == hosts_and_database.size())
    return wrong_url("a database name after the hosts, as in jdbc:mariadb://host:3306/database");
  result.database = hosts_and_database.substr(slash + 1);
  if (result.database.size() > max_database_length || result.database.find('/') != std::string::npos)
    return wrong_url("a database name of at most 64 bytes without '/'");

  if (question != std::string_view::npos) {
    if (auto fault = parameter_reader(result).read(text.substr(question + 1)))
      return *fault;
  }
  return result;
}

} // namespace cm::core
