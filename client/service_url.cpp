#include "client/service_url.hpp"

#include "core/base/text.hpp"
#include "core/configuration/text.hpp"
#include "core/configuration/value.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <cstdint>
#include <limits>

namespace cm::client {

core::expected<service_url> parse_service_url(std::string_view text) {
  const auto wrong = [&](const std::string& what) {
    return core::make_error(core::errc::invalid,
                            '"' + core::configuration::printable(core::configuration::without_login(text)) + "\" "
                              + what);
  };
  const auto parsed = boost::urls::parse_uri(boost::core::string_view{text.data(), text.size()});
  if (!parsed || (parsed->scheme() != "http" && parsed->scheme() != "https") || parsed->encoded_host().empty())
    return wrong("is not an http or https URL with a host, such as http://127.0.0.1:8080");
  if (parsed->has_userinfo())
    return wrong("has a login, which is not supported");
  if (parsed->has_query() || parsed->has_fragment())
    return wrong("has a query or a fragment, which are not allowed");
  service_url result;
  result.tls = parsed->scheme() == "https";
  result.host = parsed->host_address();
  result.authority = std::string(parsed->encoded_host());
  const std::string usual = result.tls ? "443" : "80";
  result.port = parsed->port().empty() ? usual : std::string(parsed->port());
  const auto number = core::configuration::parse_integer(result.port);
  if (!number || *number == 0 || *number > std::numeric_limits<std::uint16_t>::max())
    return wrong("has a port that cannot be");
  if (result.port != usual)
    result.authority += ':' + result.port;
  result.prefix = std::string(parsed->encoded_path());
  while (result.prefix.ends_with('/'))
    result.prefix.pop_back();
  return result;
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
