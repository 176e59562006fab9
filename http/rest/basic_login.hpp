// HTTP Basic authentication (RFC 7617).
#pragma once

#include "core/base/secret.hpp"
#include "http/server/request.hpp"

#include <string_view>

namespace cm::http {

/// Whether the request has exactly one Authorization header, with this user and password. Compares in constant time:
/// for credentials of the same length, the time does not depend on their content.
[[nodiscard]] bool shows_login(const request_head& request, std::string_view user, const core::secret& password);

} // namespace cm::http
