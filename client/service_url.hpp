// The URL of a service.
#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace cm::client {

/// The parts of an http or https URL.
struct service_url {
  bool tls = false;
  std::string host;      ///< a name or an address; IPv6 without brackets
  std::string port;      ///< decimal
  std::string authority; ///< for the Host field and messages: "host:8080"; without a default port
  std::string prefix;    ///< prefix of every path, percent-encoded, without a trailing slash; often empty

  friend bool operator==(const service_url&, const service_url&) = default;
};

/// @return errc::invalid unless it is an http or https URL with a host and without login, query and fragment
[[nodiscard]] core::expected<service_url> parse_service_url(std::string_view text);

/// Encodes a text for a path segment or a query value (RFC 3986): all characters except unreserved ones.
[[nodiscard]] std::string percent_encoded(std::string_view text);

} // namespace cm::client
