// Reads any bytes as a license file: no crash, no leak, no endless computation, no error left in OpenSSL's queue.
#include "core/license/license.hpp"

#include <openssl/err.h>

#include <cstdlib>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace cm::core;
  static const license_settings settings = [] {
    license_settings s;
    s.path = "license.p12";
    s.password = secret{"fuzz"}; // the password of the files in the corpus
    return s;
  }();
  const std::string_view content{reinterpret_cast<const char*>(data), size};
  const auto result = check_license(content, settings, from_unix_ms(1'798'761'600'000));
  if (ERR_peek_error() != 0)
    std::abort();
  if (result) {
    if (result->not_after < result->not_before)
      std::abort();
  } else if (result.error().message.find('\n') != std::string::npos) {
    std::abort();
  }
  return 0;
}
