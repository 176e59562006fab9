// Finds the certificate in PEM text, in whatever shape files, forms and HTTP headers hand it over. Thread-safe.
#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace cm::core::detail {

/// The DER bytes of the only block `CERTIFICATE` (or OpenSSL's old `X509 CERTIFICATE`) in `text`.
///
/// Only text, blocks of other kinds and a byte order mark may be around it: all of them are ignored (RFC 7468 section
/// 2). White space has no meaning within the block and in front of its BEGIN line, which else starts a line (`\n`,
/// `\r\n` or `\r`): proxies pass certificates on with a tab in front of each line (nginx) or in one line (Apache).
/// @return errc::invalid unless there is exactly one block and it is base64; whether the bytes are a certificate is not
///   checked
[[nodiscard]] expected<std::string> only_certificate_der(std::string_view text);

} // namespace cm::core::detail
