// The readers of bodies, import lines and queries accept any text or report it as invalid, and accepted values satisfy
// the rules.
#include "core/base/identifiers.hpp"
#include "core/base/text.hpp"
#include "core/certificates/distinguished_name.hpp"
#include "core/certificates/serial_number.hpp"
#include "http/rest/client_certificates.hpp"
#include "http/rest/client_credentials.hpp"
#include "http/rest/endpoint_tokens.hpp"
#include "http/rest/revocations.hpp"
#include "http/rest/token_import.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

namespace {

void hold(bool promise) {
  if (!promise)
    std::abort();
}

template <class T>
bool accepted(const cm::core::expected<T>& result) {
  hold(result.has_value() || result.error().code == cm::core::errc::invalid);
  return result.has_value();
}

void read_line(std::string_view text) {
  const auto line = cm::http::parse_import_line(text);
  if (accepted(line)) {
    hold(cm::core::is_endpoint_id(line->endpoint_id) && cm::core::is_application_name(line->application_name));
    hold(!line->token || cm::core::is_endpoint_token(line->token->reveal()));
    return;
  }
  std::string out;
  cm::http::write_import_failed(out, 1, line.error());
  hold(out.find('\n') == out.size() - 1 && cm::core::is_utf8(out));
}

void read_bodies(const cm::http::request& from) {
  static_cast<void>(accepted(cm::http::parse_status_body(from)));
  static_cast<void>(accepted(cm::http::parse_password_body(from)));
  if (const auto basic = cm::http::parse_create_basic(from); accepted(basic))
    hold(cm::core::is_client_name(basic->username));
  if (const auto x509 = cm::http::parse_create_x509(from); accepted(x509)) {
    hold(cm::core::canonical_distinguished_name(x509->issuer.canonical) == x509->issuer.canonical);
    hold(cm::core::normalised_serial_number(x509->serial_number) == x509->serial_number);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text{reinterpret_cast<const char*>(data), size}; // NOLINT: bytes as text
  read_line(text);
  read_bodies(cm::http::request{cm::http::request_head{}, std::string{text}});
  if (const auto cursor = cm::http::read_cursor(text))
    hold(cm::http::write_cursor(*cursor) == text);
  return 0;
}
