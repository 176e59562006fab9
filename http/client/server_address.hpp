// The server that a URL names, and the prefix of its paths.
#pragma once

#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cm::http {

/// The parts of an http or https URL that a client needs.
struct server_address {
  bool tls = false;
  std::string host;      ///< a name or an address; IPv6 without brackets
  std::string port;      ///< decimal
  std::string authority; ///< for the Host field and messages: "host:8080"; without a default port
  std::string prefix;    ///< prefix of every path, percent-encoded, without a trailing slash; often empty

  friend bool operator==(const server_address&, const server_address&) = default;
};

/// Why a text is not the URL of a server. The caller words the message, because it knows what the text is.
enum class url_fault : std::uint8_t {
  malformed, ///< not a URL
  scheme,    ///< neither http nor https, or without a host
  login,     ///< with a user name
  query,     ///< with a query or a fragment
  port,      ///< a port that is not from 1 to 65535
};

/// Reads an absolute http or https URL. If there are several faults, it returns the first one in the order of
/// url_fault.
[[nodiscard]] boost::system::result<server_address, url_fault> parse_server_address(std::string_view url);

} // namespace cm::http
