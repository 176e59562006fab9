#include "core/base/text.hpp"
#include "core/configuration/text.hpp"
#include "core/configuration/value.hpp"

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cm::core::configuration {

namespace {

constexpr std::size_t max_servers = 64;
constexpr auto shape = "nats:// or tls:// URLs separated by commas, as in nats://host:4222";

error wrong(const char* what = shape) {
  return make_error(errc::invalid, what);
}

bool is_host(std::string_view text) {
  const bool bracketed = text.starts_with('[') && text.ends_with(']');
  return bracketed ? is_ipv6_address(text.substr(1, text.size() - 2)) : is_host_name(text);
}

struct login {
  std::string username;
  secret password;

  friend bool operator==(const login&, const login&) = default;
};

// Decodes %XX, as RFC 3986 and other clients do. The text is returned as it is if an escape is malformed, because then
// it was written without encoding, and if the result could not be sent to the server, whose login protocol is JSON: not
// UTF-8, or with a NUL, which ends a text of the library.
std::string percent_decoded(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] != '%') {
      out += text[i];
      continue;
    }
    const auto high = i + 2 < text.size() ? hex_value(text[i + 1]) : -1;
    const auto low = high < 0 ? -1 : hex_value(text[i + 2]);
    if (low < 0)
      return std::string(text);
    out += static_cast<char>(high * 16 + low);
    i += 2;
  }
  if (!is_utf8(out) || out.find('\0') != std::string::npos)
    return std::string(text);
  return out;
}

// Parses host[:port] and adds the default port; empty if the text is invalid.
std::optional<std::string> host_and_port(std::string_view text) {
  while (text.ends_with('/'))
    text.remove_suffix(1);
  const auto colon = text.find(':', text.starts_with('[') ? std::min(text.find(']'), text.size()) : 0);
  const auto host = text.substr(0, colon);
  const auto port =
    colon == std::string_view::npos ? std::optional<std::int64_t>{4222} : parse_integer(text.substr(colon + 1));
  if (!is_host(host) || !port || *port < 1 || *port > 65535)
    return std::nullopt;
  return std::string(host) + ":" + std::to_string(*port);
}

} // namespace

expected<nats_servers> parse_nats_urls(std::string_view text) {
  nats_servers result;
  std::optional<login> seen;
  for (auto url : split(text, ',')) {
    url = trimmed(url);
    if (url.empty())
      continue; // as after a trailing comma
    constexpr std::string_view separator = "://";
    const auto slashes = url.find(separator);
    const auto scheme = slashes == std::string_view::npos ? "nats" : to_lower(url.substr(0, slashes));
    if (scheme != "nats" && scheme != "tls")
      return wrong();
    auto authority = slashes == std::string_view::npos ? url : url.substr(slashes + separator.size());
    if (const auto at_sign = authority.rfind('@'); at_sign != std::string_view::npos) {
      const auto userinfo = authority.substr(0, at_sign);
      const auto colon = userinfo.find(':');
      if (colon == 0 || colon == std::string_view::npos || colon + 1 == userinfo.size())
        return wrong("a login in a NATS URL to be name:password@, or none and NATS_USERNAME and NATS_PASSWORD");
      login found{percent_decoded(userinfo.substr(0, colon)), secret(percent_decoded(userinfo.substr(colon + 1)))};
      if (seen && !(*seen == found))
        return wrong("the same login in all NATS URLs");
      seen = std::move(found);
      authority = authority.substr(at_sign + 1);
    }
    auto address = host_and_port(authority);
    if (!address)
      return wrong();
    result.urls.push_back(scheme + "://" + *address);
    if (result.urls.size() > max_servers)
      return wrong("at most 64 NATS URLs");
  }
  if (result.urls.empty())
    return wrong();
  if (seen) {
    result.username = std::move(seen->username);
    result.password = std::move(seen->password);
  }
  return result;
}

} // namespace cm::core::configuration
