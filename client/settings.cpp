#include "client/settings.hpp"

#include "client/input.hpp"
#include "client/service_url.hpp"
#include "core/configuration/value.hpp"

#include <algorithm>

namespace cm::client {

namespace {

using core::configuration::environment;

constexpr std::chrono::hours max_timeout{24};

core::error wrong_option(std::string what) {
  return core::make_error(core::errc::invalid, std::move(what));
}

std::optional<std::string> option_or_variable(const invocation& of, std::string_view option, const char* variable,
                                              const environment& variables) {
  if (auto value = of.value(option))
    return value;
  const auto* set = variables.find(variable);
  return set == nullptr ? std::nullopt : std::optional{*set};
}

bool is_visible_ascii(std::string_view text) {
  return std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c <= '~'; });
}

core::expected<std::chrono::milliseconds> timeout_of(const invocation& of, std::chrono::milliseconds usual) {
  const auto text = of.value("--timeout");
  if (!text)
    return usual;
  const auto value = core::configuration::parse_duration(*text);
  if (!value || value->count() <= 0 || *value > max_timeout)
    return wrong_option("--timeout is a time such as 500ms, 10s or 1m, up to a day");
  return *value;
}

// The URL of the REST API of a service with this configuration on this machine.
std::string own_url(const environment& variables) {
  const auto port = core::configuration::value_of(variables, "server.port");
  const auto tls = core::configuration::parse_boolean(core::configuration::value_of(variables, "server.ssl.enabled"));
  // A name for https, because certificates rarely contain addresses.
  return (tls.value_or(false) ? "https://localhost:" : "http://127.0.0.1:") + port;
}

core::expected<http::server_address> url_of(const std::string& text, const std::string& source) {
  auto url = parse_service_url(text);
  if (!url)
    return wrong_option(source + ": " + url.error().message);
  return url;
}

} // namespace

core::expected<connection_settings> connection_settings_of(const invocation& of, const environment& variables) {
  constexpr std::chrono::seconds usual_timeout{30};
  constexpr std::size_t max_correlation_id = 128;
  constexpr std::string_view api = "/api/v1";
  connection_settings result;
  const auto given = option_or_variable(of, "--url", "CM_URL", variables);
  auto url = url_of(given ? *given : own_url(variables), of.has("--url") ? "--url" : given ? "CM_URL" : "server.port");
  if (!url)
    return url.error();
  result.url = std::move(*url);
  if (result.url.prefix.ends_with(api)) // as docs/api writes the URL
    result.url.prefix.resize(result.url.prefix.size() - api.size());

  auto& [authorities, certificate, key] = result.files;
  authorities = {option_or_variable(of, "--ca-file", "CM_CA_FILE", variables).value_or(""), "--ca-file"};
  certificate = {of.value("--certificate-file").value_or(""), "--certificate-file"};
  key = {of.value("--key-file").value_or(""), "--key-file"};
  if (certificate.path.empty() != key.path.empty())
    return wrong_option("--certificate-file and --key-file must be given together");
  for (const auto* option : {"--ca-file", "--certificate-file", "--key-file"}) {
    if (of.has(option) && !result.url.tls)
      return wrong_option(std::string(option) + " is for https, and the URL is http://" + result.url.authority);
  }

  if (const auto file = option_or_variable(of, "--bearer-token-file", "CM_BEARER_TOKEN_FILE", variables)) {
    auto token = read_secret(*file, "Access token");
    if (!token)
      return wrong_option("the access token cannot be read: " + token.error().message);
    if (!is_visible_ascii(token->reveal()))
      return wrong_option(*file + ": is not an access token: it has blanks, line ends or other characters in it");
    result.bearer_token = std::move(*token);
  }
  result.correlation_id = of.value("--correlation-id").value_or("");
  if (result.correlation_id.size() > max_correlation_id || !is_visible_ascii(result.correlation_id))
    return wrong_option("--correlation-id is 1 to 128 visible ASCII characters");
  const auto timeout = timeout_of(of, usual_timeout);
  if (!timeout)
    return timeout.error();
  result.timeout = *timeout;
  return result;
}

core::expected<connection_settings> health_settings_of(const invocation& of, const environment& variables) {
  constexpr std::chrono::seconds usual_timeout{3};
  connection_settings result;
  const auto given = of.value("--url");
  auto url = url_of(given ? *given : "http://127.0.0.1:" + core::configuration::value_of(variables, "management.port"),
                    given ? "--url" : "management.port");
  if (!url)
    return url.error();
  result.url = std::move(*url);
  const auto timeout = timeout_of(of, usual_timeout);
  if (!timeout)
    return timeout.error();
  result.timeout = *timeout;
  return result;
}

} // namespace cm::client
