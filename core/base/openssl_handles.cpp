#include "core/base/openssl_handles.hpp"

#include <stdexcept>

namespace cm::core {

const EVP_MD* sha256() {
  static const EVP_MD* const algorithm = [] {
    const EVP_MD* const fetched = EVP_MD_fetch(nullptr, "SHA256", nullptr);
    if (fetched == nullptr)
      throw std::runtime_error("SHA-256 is not available");
    return fetched;
  }();
  return algorithm;
}

} // namespace cm::core
