#include "messaging/nats/connection_options.hpp"

#include "core/base/secret.hpp"
#include "core/base/text.hpp"

#include <algorithm>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cm::messaging::detail {

namespace {

/// Remembers the first option that the library refused.
class checked {
public:
  checked& set(const char* what, natsStatus status) noexcept {
    if (status_ == NATS_OK && status != NATS_OK) {
      status_ = status;
      what_ = what;
    }
    return *this;
  }

  [[nodiscard]] bool ok() const noexcept { return status_ == NATS_OK; }

  [[nodiscard]] core::error error() const { return make_nats_error(core::errc::invalid, what_, status_); }

private:
  natsStatus status_ = NATS_OK;
  const char* what_ = "";
};

bool wants_tls(const core::nats_settings& settings) {
  return !settings.tls_ca_file.empty() || !settings.tls_certificate_file.empty()
         || std::ranges::any_of(settings.urls, [](const std::string& url) { return url.starts_with("tls://"); });
}

void set_tls(natsOptions* options, const core::nats_settings& settings, checked& result) {
  if (!wants_tls(settings))
    return;
  // The library verifies the server's certificate chain and host name by default.
  result.set("nats.tls", natsOptions_SetSecure(options, true));
  if (!settings.tls_ca_file.empty())
    result.set("nats.tls.ca", natsOptions_LoadCATrustedCertificates(options, settings.tls_ca_file.c_str()));
  if (!settings.tls_certificate_file.empty() || !settings.tls_key_file.empty()) {
    result.set(
      "nats.tls.certificate and nats.tls.key",
      natsOptions_LoadCertificatesChain(options, settings.tls_certificate_file.c_str(), settings.tls_key_file.c_str()));
  }
}

/// The text as the inside of a JSON string: the library puts user name and password into its CONNECT as they are (3.4.1
/// to 3.12).
core::secret as_json(std::string_view text) {
  std::string out;
  out.reserve(2 * text.size());
  for (const char c : text) {
    if (c == '"' || c == '\\' || static_cast<unsigned char>(c) < ' ')
      core::append_json_escape(out, static_cast<unsigned char>(c));
    else
      out += c;
  }
  return core::secret(std::move(out));
}

int as_int(std::size_t bytes) noexcept {
  return static_cast<int>(std::min<std::size_t>(bytes, std::numeric_limits<int>::max()));
}

} // namespace

core::error make_nats_error(core::errc code, const char* what, natsStatus status) {
  return core::make_error(code, std::string(what) + ": " + natsStatus_GetText(status));
}

core::expected<options_ptr> make_options(const core::nats_settings& settings, const connection_options& options) {
  natsOptions* raw = nullptr;
  if (const auto status = natsOptions_Create(&raw); status != NATS_OK)
    return make_nats_error(core::errc::unavailable, "NATS", status);
  options_ptr out(raw);

  if (settings.urls.empty())
    return core::make_error(core::errc::invalid, "nats.urls: no server is named");
  std::vector<const char*> urls;
  urls.reserve(settings.urls.size());
  for (const auto& url : settings.urls)
    urls.push_back(url.c_str());

  checked result;
  result.set("nats.urls", natsOptions_SetServers(raw, urls.data(), as_int(urls.size())))
    .set("name", natsOptions_SetName(raw, options.name.c_str()))
    .set("timeout", natsOptions_SetTimeout(raw, options.connect_timeout.count()))
    .set("ping interval", natsOptions_SetPingInterval(raw, options.ping_interval.count()))
    .set("pings", natsOptions_SetMaxPingsOut(raw, options.max_pings_out))
    .set("write deadline", natsOptions_SetWriteDeadline(raw, options.write_deadline.count()))
    .set("reconnects", natsOptions_SetMaxReconnect(raw, -1))
    .set("reconnect buffer", natsOptions_SetReconnectBufSize(raw, as_int(options.reconnect_buffer)));
  if (!settings.username.empty()) {
    const auto username = as_json(settings.username);
    const auto password = as_json(settings.password.reveal());
    result.set("nats.username", natsOptions_SetUserInfo(raw, username.c_str(), password.c_str()));
  }
  set_tls(raw, settings, result);
  if (!result.ok())
    return result.error();
  return out;
}

} // namespace cm::messaging::detail

namespace cm::messaging {

core::expected<void> check_login(const core::nats_settings& settings) {
  const auto made = detail::make_options(settings, connection_options{});
  if (made.has_error())
    return made.error();
  return {};
}

} // namespace cm::messaging
