#include "core/license/license.hpp"

#include "core/base/bounded_file.hpp"
#include "core/base/openssl_handles.hpp"
#include "core/license/license_pkcs12.hpp"

#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/sha.h>

#include <ctime>
#include <stdexcept>
#include <utility>

namespace cm::core {

namespace {

using detail::certificate_ptr;
using detail::certificates;

license_error failed(license_failure failure, std::string message) {
  return {failure, std::move(message), std::nullopt};
}

std::string quoted(const std::string& path) {
  return "'" + path + "'";
}

/// The name in RFC 2253 form; empty if OpenSSL cannot render it.
std::string name_text(const X509_NAME* name) {
  const openssl_ptr<BIO> out{BIO_new(BIO_s_mem())};
  if (!out || X509_NAME_print_ex(out.get(), name, 0, XN_FLAG_RFC2253) < 0)
    return {};
  char* text = nullptr;
  const auto length = BIO_get_mem_data(out.get(), &text);
  return length > 0 ? std::string(text, static_cast<std::size_t>(length)) : std::string{};
}

std::string serial_text(const X509* certificate) {
  const openssl_ptr<BIGNUM> number{ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr)};
  if (!number)
    return {};
  const openssl_ptr<char> text{BN_bn2dec(number.get())};
  return text ? std::string(text.get()) : std::string{};
}

std::optional<timestamp> moment(const ASN1_TIME* time) {
  std::tm t{};
  if (time == nullptr || ASN1_TIME_to_tm(time, &t) != 1)
    return std::nullopt;
  using namespace std::chrono;
  const year_month_day date{year{t.tm_year + 1900}, month{static_cast<unsigned>(t.tm_mon + 1)},
                            day{static_cast<unsigned>(t.tm_mday)}};
  return timestamp{sys_days{date}.time_since_epoch() + hours{t.tm_hour} + minutes{t.tm_min} + seconds{t.tm_sec}};
}

/// Verify callback that ignores date errors of the license certificate itself: its dates were compared before, with
/// inclusive bounds (contract section 8), while OpenSSL excludes the last second. OpenSSL still checks the dates of the
/// other certificates.
int ignore_own_dates(int ok, X509_STORE_CTX* context) {
  if (ok == 1)
    return 1;
  const int code = X509_STORE_CTX_get_error(context);
  const bool date = code == X509_V_ERR_CERT_HAS_EXPIRED || code == X509_V_ERR_CERT_NOT_YET_VALID;
  return date && X509_STORE_CTX_get_error_depth(context) == 0 ? 1 : 0;
}

/// Adds every certificate of a PEM bundle to the store. Returns their number; empty if any part is not a certificate.
std::optional<std::size_t> add_trusted(X509_STORE* store, const std::string& pem) {
  const openssl_ptr<BIO> in{BIO_new_mem_buf(pem.data(), static_cast<int>(pem.size()))};
  if (!in)
    return std::nullopt;
  std::size_t count = 0;
  while (const certificate_ptr trusted{PEM_read_bio_X509(in.get(), nullptr, nullptr, nullptr)}) {
    if (X509_STORE_add_cert(store, trusted.get()) != 1)
      return std::nullopt;
    ++count;
  }
  const auto code = ERR_peek_last_error();
  ERR_clear_error();
  const bool end = ERR_GET_LIB(code) == ERR_LIB_PEM && ERR_GET_REASON(code) == PEM_R_NO_START_LINE;
  return end ? std::optional{count} : std::nullopt;
}

/// The reason why there is no valid chain; empty if there is one.
std::optional<std::string> chain_fault(X509* certificate, const certificates& others, const std::string& bundle,
                                       timestamp now) {
  const auto named = "the trusted certificates " + quoted(bundle);
  const auto pem = read_bounded_file(bundle, max_license_file_size);
  if (!pem)
    return named + " cannot be read: " + pem.error().message;
  const openssl_ptr<X509_STORE> store{X509_STORE_new()};
  const openssl_ptr<X509_STORE_CTX> context{X509_STORE_CTX_new()};
  if (!store || !context)
    return "out of memory";
  const auto count = add_trusted(store.get(), *pem);
  if (!count)
    return named + " are damaged";
  if (*count == 0)
    return named + " hold no certificate";
  const detail::certificate_stack untrusted{sk_X509_new_null()};
  for (const auto& intermediate : others)
    sk_X509_push(untrusted.get(), intermediate.get());
  if (X509_STORE_CTX_init(context.get(), store.get(), certificate, untrusted.get()) != 1)
    return "the check could not be set up";
  auto* parameters = X509_STORE_CTX_get0_param(context.get());
  X509_VERIFY_PARAM_set_time(parameters,
                             static_cast<std::time_t>(floor<std::chrono::seconds>(now).time_since_epoch().count()));
  // Every certificate in the bundle is a trust anchor, also an intermediate one without its root.
  X509_VERIFY_PARAM_set_flags(parameters, X509_V_FLAG_PARTIAL_CHAIN);
  X509_STORE_CTX_set_verify_cb(context.get(), ignore_own_dates);
  if (X509_verify_cert(context.get()) == 1)
    return std::nullopt;
  return "no valid chain to " + named + ": " + X509_verify_cert_error_string(X509_STORE_CTX_get_error(context.get()));
}

} // namespace

std::string_view to_string(license_failure failure) noexcept {
  constexpr std::array<std::string_view, license_failure_count> names{
    "unreadable",   "malformed",     "wrong_password", "no_key",   "no_certificate",
    "key_mismatch", "not_yet_valid", "expired",        "untrusted"};
  const auto index = static_cast<std::size_t>(failure);
  return index < names.size() ? names[index] : "unknown";
}

void throw_exception_from_error(const license_error& e, const boost::source_location& where) {
  throw std::logic_error("value() of a license error: " + e.message + " at " + where.to_string());
}

license_result check_license(std::string_view content, const license_settings& settings, timestamp now) {
  const auto file = "license file " + quoted(settings.path);
  if (content.empty())
    return failed(license_failure::malformed, file + " is empty");
  if (content.size() > max_license_file_size)
    return failed(license_failure::unreadable,
                  file + " is larger than " + std::to_string(max_license_file_size) + " bytes");
  auto opened = detail::open_pkcs12(content, settings.password);
  // OpenSSL's error queue is per thread: do not leave errors for other code on this thread.
  ERR_clear_error();
  if (!opened)
    return failed(opened.error().failure, file + " " + opened.error().message);

  license found;
  X509* certificate = opened->certificate.get();
  found.subject = name_text(X509_get_subject_name(certificate));
  found.issuer = name_text(X509_get_issuer_name(certificate));
  found.serial = serial_text(certificate);
  const auto not_before = moment(X509_get0_notBefore(certificate));
  const auto not_after = moment(X509_get0_notAfter(certificate));
  ERR_clear_error();
  if (!not_before || !not_after)
    return failed(license_failure::malformed, file + " holds a certificate with dates that cannot be read");
  found.not_before = *not_before;
  found.not_after = *not_after;
  SHA256(reinterpret_cast<const unsigned char*>(content.data()), content.size(), found.file_digest.data());

  const auto described = file + " (subject '" + found.subject + "')";
  if (now < found.not_before) {
    auto message =
      described + " is not yet valid: it begins on " + to_iso8601(found.not_before) + ", now is " + to_iso8601(now);
    return license_error{license_failure::not_yet_valid, std::move(message), std::move(found)};
  }
  if (now > found.not_after) {
    auto message =
      described + " has expired: it ended on " + to_iso8601(found.not_after) + ", now is " + to_iso8601(now);
    return license_error{license_failure::expired, std::move(message), std::move(found)};
  }
  if (!settings.trusted_certificates_file.empty()) {
    const auto fault = chain_fault(certificate, opened->others, settings.trusted_certificates_file, now);
    ERR_clear_error();
    if (fault) {
      auto message = described + " is not trusted: " + *fault + " (issuer '" + found.issuer + "', valid from "
                     + to_iso8601(found.not_before) + " to " + to_iso8601(found.not_after) + ")";
      return license_error{license_failure::untrusted, std::move(message), std::move(found)};
    }
  }
  return found;
}

license_result check_license(const license_settings& settings, timestamp now) {
  auto content = read_bounded_file(settings.path, max_license_file_size);
  if (!content)
    return failed(license_failure::unreadable,
                  "license file " + quoted(settings.path) + " cannot be read: " + content.error().message);
  auto result = check_license(*content, settings, now);
  // PKCS #12 also allows unencrypted keys.
  wipe(*content);
  return result;
}

expected<license> load_license(const license_settings& settings, timestamp now) {
  auto result = check_license(settings, now);
  if (result)
    return *std::move(result);
  return make_error(errc::forbidden, result.error().message, std::string(to_string(result.error().failure)));
}

} // namespace cm::core
