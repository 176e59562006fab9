// Opens PKCS #12 content for the license check, and for nobody else.
#pragma once

#include "core/base/secret.hpp"
#include "core/license/license.hpp"

#include <openssl/x509.h>

#include <memory>
#include <string_view>
#include <vector>

namespace cm::core::detail {

struct x509_free {
  void operator()(X509* p) const noexcept { X509_free(p); }

  /// Frees the stack only, not what it points to.
  void operator()(STACK_OF(X509) * p) const noexcept { sk_X509_free(p); }
};

using certificate_ptr = std::unique_ptr<X509, x509_free>;
using certificate_stack = std::unique_ptr<STACK_OF(X509), x509_free>;
using certificates = std::vector<certificate_ptr>;

struct pkcs12_content {
  certificate_ptr certificate; ///< the one that belongs to the private key
  certificates others;         ///< issuers, in the order of the file
};

/// Opens the file's content; of the private key it only finds out that it is there and belongs to a certificate.
/// The error's message begins with a verb: "is not a PKCS #12 file". May leave entries in OpenSSL's error queue.
[[nodiscard]] boost::system::result<pkcs12_content, license_error> open_pkcs12(std::string_view content,
                                                                               const secret& password);

} // namespace cm::core::detail
