// Opens PKCS #12 content. Internal to the license check.
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

  /// Frees the stack only, not its elements.
  void operator()(STACK_OF(X509) * p) const noexcept { sk_X509_free(p); }
};

using certificate_ptr = std::unique_ptr<X509, x509_free>;
using certificate_stack = std::unique_ptr<STACK_OF(X509), x509_free>;
using certificates = std::vector<certificate_ptr>;

struct pkcs12_content {
  certificate_ptr certificate; ///< belongs to the private key
  certificates others;         ///< issuers, in the order of the file
};

/// Opens the content of a file. Only checks that the private key exists and belongs to a certificate; does not return
/// it. The message of an error begins with a verb: "is not a PKCS #12 file". May leave entries in OpenSSL's error
/// queue.
[[nodiscard]] boost::system::result<pkcs12_content, license_error> open_pkcs12(std::string_view content,
                                                                               const secret& password);

} // namespace cm::core::detail
