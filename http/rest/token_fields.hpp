// The members of a body or line that describe an endpoint token: one check for every way in.
#pragma once

#include "http/json/json.hpp"

#include <optional>
#include <string_view>

namespace cm::http {

/// `applicationName`, which has to be there.
[[nodiscard]] std::string_view required_application(member_reader& members);

/// `token`, which may be missing or null. No message repeats its value.
[[nodiscard]] std::optional<std::string_view> optional_token(member_reader& members);

} // namespace cm::http
