// Validation of the JSON members that describe an endpoint token, for the REST resource and the import.
#pragma once

#include "http/json/json.hpp"

#include <optional>
#include <string_view>

namespace cm::http {

/// The mandatory member `applicationName`; "" and an error if it is missing or malformed.
[[nodiscard]] std::string_view required_application(member_reader& members);

/// The optional member `token`. Error messages do not contain its value.
[[nodiscard]] std::optional<std::string_view> optional_token(member_reader& members);

} // namespace cm::http
