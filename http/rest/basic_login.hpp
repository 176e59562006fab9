// The login of HTTP Basic (RFC 7617).
#pragma once

#include "core/base/secret.hpp"
#include "http/server/request.hpp"

#include <string_view>

namespace cm::http {

/// Whether the request shows this user and this password in its one Authorization header. Takes the same time for every
/// wrong user and password of one length.
[[nodiscard]] bool shows_login(const request_head& request, std::string_view user, const core::secret& password);

} // namespace cm::http
