// Shared by the two readers of distinguished names: from text and from a certificate. All functions are thread-safe.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cm::core::detail {

/// By the rules of this build, or of former ones (see distinguished_name::others).
enum class reading { present, former };

/// The canonical name of an attribute type; `oid` itself if it has none.
/// @param oid the dotted number
[[nodiscard]] std::string_view canonical_attribute_type(std::string_view oid) noexcept;

/// The dotted number of an attribute type by any of its names, ignoring case; empty for an unknown name.
[[nodiscard]] std::optional<std::string> attribute_type_number(std::string_view name);

/// The number by which former builds read a name (see distinguished_name::others).
[[nodiscard]] std::optional<std::string> former_attribute_type_number(std::string_view name);

/// The canonical form of a BER-encoded attribute value: text for a string type with valid content, else `#` and
/// lower-case hex.
/// @return empty unless the bytes are exactly one element of definite length
[[nodiscard]] std::optional<std::string> canonical_ber_value(std::string_view ber, reading how);

/// The text of a BMPString whose bytes somebody took for UTF-8: Java's X500Principal.getName() does, and prints
/// `\00D\00e` for "De".
/// @param value valid UTF-8, without escapes
/// @return empty for any other value; the text has no control characters
[[nodiscard]] std::optional<std::string> text_of_printed_utf16(std::string_view value);

/// The canonical form of a text value: escapes special characters.
/// @param value valid UTF-8
[[nodiscard]] std::string escaped_attribute_value(std::string_view value);

} // namespace cm::core::detail
