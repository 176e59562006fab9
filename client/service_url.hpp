// Where a service is: the URL that an operator names, and the targets below it.
#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace cm::client {

/// An http or https URL, taken apart.
struct service_url {
  bool tls = false;
  std::string host; ///< a name or an address, an IPv6 one without its brackets
  std::string port; ///< decimal
  std::string
    authority;        ///< for the Host field and for messages: "host:8080", without the port that goes without saying
  std::string prefix; ///< of every path, percent-encoded, without a slash at its end; often empty

  friend bool operator==(const service_url&, const service_url&) = default;
};

/// @return errc::invalid for what is no http or https URL with a host, and for one with a login, a query or a fragment
[[nodiscard]] core::expected<service_url> parse_service_url(std::string_view text);

/// The text as one segment of a path or one value of a query (RFC 3986): all but unreserved characters is encoded.
[[nodiscard]] std::string percent_encoded(std::string_view text);

} // namespace cm::client
