#include "client/service_url.hpp"

#include "core/base/text.hpp"
#include "core/configuration/text.hpp"
#include "core/configuration/value.hpp"

namespace cm::client {

namespace {

std::string_view description_of(http::url_fault fault) {
  switch (fault) {
  case http::url_fault::login:
    return "has a login, which is not supported";
  case http::url_fault::query:
    return "has a query or a fragment, which are not allowed";
  case http::url_fault::port:
    return "has a port that cannot be";
  case http::url_fault::malformed:
  case http::url_fault::scheme:
    break;
  }
  return "is not an http or https URL with a host, such as http://127.0.0.1:8080";
}

} // namespace

core::expected<http::server_address> parse_service_url(std::string_view text) {
  auto parsed = http::parse_server_address(text);
  if (parsed)
    return *std::move(parsed);
  const auto shown = core::configuration::printable(core::configuration::without_login(text));
  return core::make_error(core::errc::invalid, '"' + shown + "\" " + std::string(description_of(parsed.error())));
}

std::string percent_encoded(std::string_view text) {
  constexpr std::string_view unreserved = "-._~";
  std::string out;
  for (const char c : text) {
    if (core::is_letter_or_digit(c) || unreserved.find(c) != std::string_view::npos) {
      out += c;
    } else {
      const auto byte = static_cast<unsigned char>(c);
      out += {'%', core::to_upper(core::hex_digits[byte >> 4U]), core::to_upper(core::hex_digits[byte & 0x0fU])};
    }
  }
  return out;
}

} // namespace cm::client
