#include "toolchain.hpp"

#include <boost/version.hpp>
#include <openssl/crypto.h>
#include <openssl/opensslv.h>
#include <sodium.h>

#include <gnu/libc-version.h>

namespace cm::guard {

std::string describe_toolchain() {
  const auto number = [](auto value) { return std::to_string(value); };
#if defined(__clang__)
  std::string text = "clang++ " + number(__clang_major__) + "." + number(__clang_minor__);
#else
  std::string text = "g++ " + number(__GNUC__) + "." + number(__GNUC_MINOR__);
#endif
  text += std::string(", glibc ") + gnu_get_libc_version();
  text += ", OpenSSL " + number(OPENSSL_version_major()) + "." + number(OPENSSL_version_minor());
  text += std::string(", libsodium ") + sodium_version_string();
  text += ", Boost " + number(BOOST_VERSION / 100000) + "." + number(BOOST_VERSION / 100 % 1000);
#if defined(__x86_64__)
  text += ", x86-64";
#elif defined(__aarch64__)
  text += ", AArch64";
#else
  text += ", other processor";
#endif
  return text + ", " + CM_BUILD_TYPE;
}

} // namespace cm::guard
