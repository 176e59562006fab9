// The URL of a service.
#pragma once

#include "core/base/error.hpp"
#include "http/client/server_address.hpp"

#include <string>
#include <string_view>

namespace cm::client {

/// @return errc::invalid unless it is an http or https URL with a host and without login, query and fragment
[[nodiscard]] core::expected<http::server_address> parse_service_url(std::string_view text);

/// Encodes a text for a path segment or a query value (RFC 3986): all characters except unreserved ones.
[[nodiscard]] std::string percent_encoded(std::string_view text);

} // namespace cm::client
