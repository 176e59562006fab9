// The canonical form of distinguished names, by which CM finds certificates of an issuer (contract section 5).
#pragma once

#include "core/base/error.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core {

/// Longest accepted name and longest canonical form, in bytes.
inline constexpr std::size_t max_distinguished_name = 8192;

/// Largest number of orders of the attributes of one name that are tried.
inline constexpr std::size_t max_name_orders = 24;

/// Limit of distinguished_name::others: the orders of two forms, and the former one itself.
inline constexpr std::size_t max_other_names = 2 * max_name_orders + 1;

/// A name that was read from text or from a certificate.
struct distinguished_name {
  std::string canonical; ///< in the order of the input
  /// A relative name is a set of attributes, whose order means nothing. This is the canonical form with the attributes
  /// of each relative name sorted byte by byte: all orders have the same. Only if a relative name has several.
  std::optional<std::string> identity;
  /// Other canonical forms under which a certificate of this issuer may be stored, at most max_other_names, each once,
  /// without `canonical`: all orders, or the first max_name_orders if there are more (five attributes in one relative
  /// name have 120); and those of the form that former builds gave the same text, if it was another one.
  std::vector<std::string> others;
};

/// A name with its `identity` and `others`. Thread-safe.
/// @param canonical a canonical form
/// @param former that of former builds, if it was another one
[[nodiscard]] distinguished_name distinguished_name_of(std::string canonical,
                                                       std::optional<std::string> former = std::nullopt);

/// Converts a name to its canonical form. Accepts RFC 4514, RFC 2253 (quotes, `;` and spaces around the separators, as
/// in RFC 1779), and the output of Java's X500Principal, BouncyCastle, GnuTLS, NSS, Windows and OpenSSL's `-nameopt
/// RFC2253`, as long as they write the most specific part first.
///
/// The result is RFC 4514 with `,` and `+` without spaces, in the order of the input:
/// - an attribute type is its short name from RFC 4514 if Java or OpenSSL use that name too, else its dotted number:
///   `2.5.4.3`, `OID.2.5.4.3`, `cn` and `CN` all become `CN`; `MAIL` and `rfc822Mailbox` become
///   `0.9.2342.19200300.100.1.3`;
/// - a `#` value of a string type is decoded (UTF8String, PrintableString, IA5String, NumericString, TeletexString as
///   Latin-1, VisibleString, GeneralString, BMPString and UniversalString, both with pairs of surrogates); of any other
///   type it stays `#` and lower-case hex;
/// - a value that is the bytes of a BMPString, as Java's X500Principal.getName() prints them (`\00C\00A`), is the text
/// of
///   that BMPString (`CA`);
/// - a value keeps its case and its inner spaces, is UTF-8, and has a `\` before `,` `+` `"` `\` `<` `>` `;`, before a
///   leading `#` or space and a trailing space; control characters become `\` and two lower-case hex digits.
/// Idempotent: a canonical form is its own canonical form. Thread-safe.
///
/// @return errc::invalid, also for an empty text; the message states the problem and the byte offset
[[nodiscard]] expected<distinguished_name> read_distinguished_name(std::string_view text);

/// The canonical form alone.
[[nodiscard]] expected<std::string> canonical_distinguished_name(std::string_view text);

/// SHA-256 over issuer and serial number, each prefixed with its length (4 bytes, big endian): the look-up key of a
/// certificate. Both arguments must be canonical (see normalised_serial_number for the second). Thread-safe.
[[nodiscard]] std::array<std::uint8_t, 32> subject_hash(std::string_view canonical_issuer,
                                                        std::string_view serial_number);

} // namespace cm::core
