// Distinguished names in one spelling, so that certificates can be found by their issuer's name (contract section 5).
#pragma once

#include "core/base/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

namespace cm::core {

/// Longest name that is read, and longest canonical form, in bytes.
inline constexpr std::size_t max_distinguished_name = 8192;

/// The one spelling of a name. Reads RFC 4514, RFC 2253 (quotes, `;` and spaces around the separators, as RFC 1779
/// writes them) and what Java's X500Principal and OpenSSL's `-nameopt RFC2253` make of a certificate's issuer.
///
/// The result is RFC 4514 with `,` and `+` without spaces, in the order of the text:
/// - an attribute type is its short name from RFC 4514 where it has one that Java or OpenSSL write too, else its
///   dotted number: `2.5.4.3`, `OID.2.5.4.3`, `cn` and `CN` are all `CN`;
/// - a `#` value of a string type is decoded (UTF8String, PrintableString, IA5String, NumericString, TeletexString as
///   Latin-1, VisibleString, BMPString, UniversalString); of another type it stays `#` and lower-case hex;
/// - a value keeps its case and its inner spaces, is UTF-8, and has a `\` before `,` `+` `"` `\` `<` `>` `;`, before a
///   leading `#` or space and a trailing space; control characters are `\` and two lower-case hex digits.
/// Idempotent: the canonical form of a canonical form is itself. Any thread.
///
/// @return errc::invalid with a message that says what is wrong and at which byte; an empty text is one
[[nodiscard]] expected<std::string> canonical_distinguished_name(std::string_view text);

/// SHA-256 over the issuer and the serial number, each behind its length (4 bytes, big endian): what certificates are
/// found by. Both have to be canonical already (normalised_serial_number for the second). Any thread.
[[nodiscard]] std::array<std::uint8_t, 32> subject_hash(std::string_view canonical_issuer,
                                                        std::string_view serial_number);

} // namespace cm::core
