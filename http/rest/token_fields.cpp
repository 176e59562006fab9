#include "http/rest/token_fields.hpp"

#include "core/base/identifiers.hpp"

namespace cm::http {

std::string_view required_application(member_reader& members) {
  const std::size_t before = members.errors().size();
  const std::string_view name = members.required_string("applicationName");
  if (members.errors().size() == before && !core::is_application_name(name))
    members.reject("applicationName", "must be 1 to 255 of a-z, 0-9, '-' and '_'");
  return name;
}

std::optional<std::string_view> optional_token(member_reader& members) {
  const auto token = members.optional_string("token");
  if (token && !core::is_endpoint_token(*token))
    members.reject("token", "must be 1 to 255 bytes of UTF-8 without '+', '#', '/', '.' and control characters");
  return token;
}

} // namespace cm::http
