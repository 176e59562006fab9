#include "core/certificates/certificate_identity.hpp"

#include "core/base/openssl_handles.hpp"
#include "core/certificates/certificate_names.hpp"
#include "core/certificates/certificate_pem.hpp"
#include "core/certificates/distinguished_name.hpp"
#include "core/certificates/distinguished_name_parts.hpp"

#include <openssl/asn1.h>
#include <openssl/err.h>
#include <openssl/x509.h>

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <utility>
#include <vector>

namespace cm::core {

namespace {

error wrong(std::string message) {
  return make_error(errc::invalid, std::move(message));
}

struct opened_certificate {
  openssl_ptr<X509> certificate;
  std::vector<std::uint8_t> issuer_tags; // of detail::readable_certificate; empty if OpenSSL has the original tags
};

openssl_ptr<X509> from_der(std::string_view der) {
  const auto* at = reinterpret_cast<const unsigned char*>(der.data());
  return openssl_ptr<X509>{d2i_X509(nullptr, &at, static_cast<long>(der.size()))};
}

expected<opened_certificate> only_certificate(std::string_view pem) {
  if (pem.size() > max_certificate_pem)
    return wrong("a certificate in PEM has at most 64 KiB");
  auto der = detail::only_certificate_der(pem);
  if (!der)
    return std::move(der).error();
  if (auto certificate = from_der(*der))
    return opened_certificate{std::move(certificate), {}};
  if (auto readable = detail::with_readable_names(*std::move(der))) {
    if (auto certificate = from_der(readable->der))
      return opened_certificate{std::move(certificate), std::move(readable->issuer_tags)};
  }
  return wrong("the certificate is damaged");
}

/// `type=value` of one attribute; empty if OpenSSL cannot represent its type.
/// @param tag of the value, if OpenSSL has another one; else 0
std::optional<std::string> attribute_text(const X509_NAME_ENTRY* entry, std::uint8_t tag) {
  std::array<char, 512> oid{};
  const int length =
    OBJ_obj2txt(oid.data(), static_cast<int>(oid.size()), X509_NAME_ENTRY_get_object(entry), 1 /* as a number */);
  ASN1_STRING* data = X509_NAME_ENTRY_get_data(entry);
  if (length <= 0 || static_cast<std::size_t>(length) >= oid.size() || data == nullptr)
    return std::nullopt;
  ASN1_TYPE typed{};
  typed.type = tag != 0 ? tag : ASN1_STRING_type(data);
  typed.value.asn1_string = data;
  unsigned char* raw = nullptr;
  const int size = i2d_ASN1_TYPE(&typed, &raw);
  const openssl_ptr<unsigned char> der{raw};
  if (size <= 0)
    return std::nullopt;
  const auto value = detail::canonical_ber_value(
    std::string_view{reinterpret_cast<const char*>(der.get()), static_cast<std::size_t>(size)},
    detail::reading::present);
  if (!value)
    return std::nullopt;
  std::string text{detail::canonical_attribute_type(std::string_view{oid.data(), static_cast<std::size_t>(length)})};
  text += '=';
  text += *value;
  return text;
}

/// Starts with the last relative distinguished name (RFC 4514 section 2.1); keeps the order of the attributes within
/// one.
/// @param tags of the values: empty, or 0 for those that OpenSSL has too
expected<std::string> canonical_name(const X509_NAME* name, std::span<const std::uint8_t> tags) {
  std::string text;
  int end = X509_NAME_entry_count(name);
  if (!tags.empty() && tags.size() != static_cast<std::size_t>(end))
    return wrong("the certificate's issuer cannot be read");
  while (end > 0) {
    int begin = end - 1;
    const int set = X509_NAME_ENTRY_set(X509_NAME_get_entry(name, begin));
    while (begin > 0 && X509_NAME_ENTRY_set(X509_NAME_get_entry(name, begin - 1)) == set)
      --begin;
    for (int i = begin; i < end; ++i) {
      const std::uint8_t tag = tags.empty() ? 0 : tags[static_cast<std::size_t>(i)];
      const auto attribute = attribute_text(X509_NAME_get_entry(name, i), tag);
      if (!attribute)
        return wrong("the certificate's issuer has an attribute that cannot be read");
      if (!text.empty())
        text += i == begin ? ',' : '+';
      text += *attribute;
      if (text.size() > max_distinguished_name)
        return wrong("the certificate's issuer is longer than 8192 bytes");
    }
    end = begin;
  }
  if (text.empty())
    return wrong("the certificate's issuer is empty");
  return text;
}

expected<std::string> serial_number(const X509* certificate) {
  const openssl_ptr<BIGNUM> number{ASN1_INTEGER_to_BN(X509_get0_serialNumber(certificate), nullptr)};
  if (!number)
    return make_error(errc::internal, "Internal Server Error", "OpenSSL: no memory for a serial number");
  if (BN_num_bits(number.get()) > 8 * 1024)
    return wrong("the certificate's serial number is longer than 1024 bytes");
  const openssl_ptr<char> text{BN_bn2dec(number.get())};
  if (!text)
    return make_error(errc::internal, "Internal Server Error", "OpenSSL: no memory for a serial number");
  return std::string(text.get());
}

} // namespace

expected<certificate_identity> identify_certificate(std::string_view pem) {
  const auto read = only_certificate(pem);
  if (!read) {
    ERR_clear_error();
    return read.error();
  }
  auto issuer = canonical_name(X509_get_issuer_name(read->certificate.get()), read->issuer_tags);
  auto serial = serial_number(read->certificate.get());
  ERR_clear_error();
  if (!issuer)
    return std::move(issuer).error();
  if (!serial)
    return std::move(serial).error();
  return certificate_identity{*std::move(issuer), *std::move(serial)};
}

} // namespace cm::core
