#include "core/license/license_pkcs12.hpp"

#include "core/base/stray_ends.hpp"

#include <openssl/err.h>

#include <utility>

namespace cm::core::detail {

namespace {

/// A larger iteration count would delay the start of the process for too long. Common tools write 2,000 to 600,000.
constexpr long max_iterations = 2'000'000;

using outcome = boost::system::result<pkcs12_content, license_error>;

license_error failed(license_failure failure, std::string message) {
  return {failure, std::move(message), std::nullopt};
}

/// `unsupported`: the failure may be due to an algorithm that another library context supports.
struct attempt {
  outcome result;
  bool unsupported = false;
};

license_error wrong_password(const secret& password) {
  std::string message = "cannot be opened: the password is wrong";
  if (const auto ends = stray_ends(password.reveal()); !ends.empty())
    message += "; it " + std::string(ends) + ", which counts as a part of it";
  return failed(license_failure::wrong_password, std::move(message));
}

enum class mac_result { match, mismatch, failed };

mac_result verify_mac(PKCS12* file, const secret& password) {
  ERR_clear_error();
  // Tools encode an empty password in two ways: as no bytes, or as a terminating zero.
  if (PKCS12_verify_mac(file, password.c_str(), -1) == 1
      || (password.empty() && PKCS12_verify_mac(file, nullptr, 0) == 1))
    return mac_result::match;
  // OpenSSL queues an error only if it could not compute the MAC, not if the MAC differs.
  return ERR_peek_error() == 0 ? mac_result::mismatch : mac_result::failed;
}

attempt open_in(OSSL_LIB_CTX* library, std::string_view content, const secret& password) {
  const auto* cursor = reinterpret_cast<const unsigned char*>(content.data());
  PKCS12* raw = PKCS12_init_ex(NID_pkcs7_data, library, nullptr);
  // On failure d2i_PKCS12() frees `raw` and sets it to null.
  if (raw == nullptr || d2i_PKCS12(&raw, &cursor, static_cast<long>(content.size())) == nullptr)
    return {failed(license_failure::malformed, "is not a PKCS #12 file")};
  const openssl_ptr<PKCS12> file{raw};
  if (PKCS12_mac_present(file.get()) != 1)
    return {failed(license_failure::malformed, "has no integrity code (MAC)")};
  const ASN1_INTEGER* iterations = nullptr;
  PKCS12_get0_mac(nullptr, nullptr, nullptr, &iterations, file.get());
  if (iterations != nullptr) {
    const long count = ASN1_INTEGER_get(iterations);
    if (count <= 0 || count > max_iterations)
      return {failed(license_failure::malformed, "asks for an iteration count out of range")};
  }
  switch (verify_mac(file.get(), password)) {
  case mac_result::match:
    break;
  case mac_result::mismatch:
    return {wrong_password(password)};
  case mac_result::failed:
    return {failed(license_failure::malformed, "has an integrity code (MAC) that cannot be checked"), true};
  }

  EVP_PKEY* raw_key = nullptr;
  X509* raw_certificate = nullptr;
  STACK_OF(X509)* raw_others = nullptr;
  if (PKCS12_parse(file.get(), password.c_str(), &raw_key, &raw_certificate, &raw_others) != 1)
    return {failed(license_failure::malformed, "is damaged or encrypted in a way that is not supported"), true};
  const openssl_ptr<EVP_PKEY> key{raw_key};
  pkcs12_content found;
  found.certificate.reset(raw_certificate);
  const certificate_stack others{raw_others};
  for (int i = 0; i < sk_X509_num(others.get()); ++i)
    found.others.emplace_back(sk_X509_value(others.get(), i));

  if (!key)
    return {failed(license_failure::no_key, "holds no private key")};
  if (!found.certificate && found.others.empty())
    return {failed(license_failure::no_certificate, "holds no certificate")};
  if (!found.certificate)
    return {failed(license_failure::key_mismatch, "holds no certificate that belongs to its private key")};
  return {std::move(found)};
}

/// Copies a certificate into the default library context, because its own context is about to be destroyed.
certificate_ptr copy_to_default_context(const certificate_ptr& certificate) {
  unsigned char* raw = nullptr;
  const int length = i2d_X509(certificate.get(), &raw);
  const openssl_ptr<unsigned char> der{raw};
  if (length <= 0)
    return nullptr;
  const unsigned char* cursor = der.get();
  return certificate_ptr{d2i_X509(nullptr, &cursor, length)};
}

outcome copy_to_default_context(outcome in) {
  if (!in)
    return in;
  pkcs12_content out;
  out.certificate = copy_to_default_context(in->certificate);
  for (const auto& certificate : in->others) {
    auto copy = copy_to_default_context(certificate);
    if (copy)
      out.others.push_back(std::move(copy));
  }
  if (!out.certificate)
    return failed(license_failure::malformed, "holds a certificate that cannot be read");
  return out;
}

} // namespace

outcome open_pkcs12(std::string_view content, const secret& password) {
  auto first = open_in(nullptr, content, password);
  if (!first.unsupported)
    return std::move(first.result);
  // RC2 and single DES are in the legacy provider, which must not be loaded into the default context of the process.
  const openssl_ptr<OSSL_LIB_CTX> library{OSSL_LIB_CTX_new()};
  if (!library)
    return std::move(first.result);
  const openssl_ptr<OSSL_PROVIDER> standard{OSSL_PROVIDER_load(library.get(), "default")};
  const openssl_ptr<OSSL_PROVIDER> legacy{OSSL_PROVIDER_load(library.get(), "legacy")};
  if (!standard || !legacy) {
    auto e = std::move(first.result).error();
    e.message += " (OpenSSL's legacy provider, which opens files of old tools, is not installed)";
    return e;
  }
  auto second = open_in(library.get(), content, password);
  return copy_to_default_context(std::move(second.result));
}

} // namespace cm::core::detail
