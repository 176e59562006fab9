// Reads any bytes as a PEM certificate, and as the DER inside one: no crash, no leak, no error left in OpenSSL's queue,
// and the issuer is canonical.
#include "core/certificates/certificate_identity.hpp"
#include "core/certificates/distinguished_name.hpp"
#include "core/certificates/serial_number.hpp"

#include <openssl/err.h>
#include <openssl/evp.h>

#include <algorithm>
#include <cstdlib>

namespace {

void check(std::string_view pem) {
  using namespace cm::core;
  const auto found = identify_certificate(pem);
  if (ERR_peek_error() != 0)
    std::abort();
  if (!found) {
    if (found.error().code != errc::invalid || found.error().message.find('\n') != std::string::npos)
      std::abort();
    return;
  }
  const auto issuer = canonical_distinguished_name(found->issuer);
  const auto serial = normalised_serial_number(found->serial_number);
  if (!issuer || *issuer != found->issuer || !serial || *serial != found->serial_number)
    std::abort();
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  check({reinterpret_cast<const char*>(data), size});
  if (size > 16 * 1024)
    return 0;
  std::string base64(4 * ((size + 2) / 3) + 1, '\0');
  const int length = EVP_EncodeBlock(reinterpret_cast<unsigned char*>(base64.data()), data, static_cast<int>(size));
  std::string pem = "-----BEGIN CERTIFICATE-----\n";
  for (std::size_t at = 0; at < static_cast<std::size_t>(length); at += 64)
    pem += base64.substr(at, std::min<std::size_t>(64, static_cast<std::size_t>(length) - at)) + "\n";
  check(pem + "-----END CERTIFICATE-----\n");
  return 0;
}
