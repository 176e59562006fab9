#include "http/client/server_address.hpp"

#include <boost/url/parse.hpp>
#include <boost/url/url_view.hpp>

#include <charconv>
#include <cstdint>
#include <system_error>

namespace cm::http {

namespace {

// Not Boost.URL's port_number(), which wraps around.
bool is_port(std::string_view digits) {
  std::uint16_t number = 0;
  const auto [end, fault] = std::from_chars(digits.data(), digits.data() + digits.size(), number);
  return fault == std::errc{} && end == digits.data() + digits.size() && number > 0;
}

} // namespace

boost::system::result<server_address, url_fault> parse_server_address(std::string_view url) {
  const auto parsed = boost::urls::parse_uri(boost::core::string_view{url.data(), url.size()});
  if (!parsed || (!parsed->encoded_path().empty() && !parsed->encoded_path().starts_with('/')))
    return url_fault::malformed; // Boost.URL 1.81 takes "http://host:1x" for a port 1 and a path "x"
  if ((parsed->scheme() != "http" && parsed->scheme() != "https") || parsed->encoded_host().empty())
    return url_fault::scheme;
  if (parsed->has_userinfo())
    return url_fault::login;
  if (parsed->has_query() || parsed->has_fragment())
    return url_fault::query;
  if (!parsed->port().empty() && !is_port(parsed->port()))
    return url_fault::port;
  server_address result;
  result.tls = parsed->scheme() == "https";
  result.host = parsed->host_address();
  result.authority = std::string(parsed->encoded_host());
  const std::string usual = result.tls ? "443" : "80";
  result.port = parsed->port().empty() ? usual : std::string(parsed->port());
  if (result.port != usual)
    result.authority += ':' + result.port;
  result.prefix = std::string(parsed->encoded_path());
  while (result.prefix.ends_with('/'))
    result.prefix.pop_back();
  return result;
}

} // namespace cm::http
