// Opens PKCS #12 content. Internal to the license check.
#pragma once

#include "core/base/openssl_handles.hpp"
#include "core/base/secret.hpp"
#include "core/license/license.hpp"

#include <string_view>
#include <vector>

namespace cm::core::detail {

using certificate_ptr = openssl_ptr<X509>;
using certificate_stack = openssl_ptr<STACK_OF(X509)>;
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
