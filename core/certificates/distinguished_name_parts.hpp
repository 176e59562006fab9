// What names that are read from text and names that are read from a certificate have in common.
#pragma once

#include <optional>
#include <string>
#include <string_view>

namespace cm::core::detail {

/// The name under which an attribute type stands in a canonical form, by its dotted number; the number itself where it
/// has none there.
[[nodiscard]] std::string_view canonical_attribute_type(std::string_view oid) noexcept;

/// The dotted number of an attribute type by any of its names, case ignored; nothing for an unknown name.
[[nodiscard]] std::optional<std::string> attribute_type_number(std::string_view name);

/// The canonical form of an attribute's value, by its BER: text where it is of a string type and decodes, else `#` and
/// lower-case hex.
/// @return nothing where the bytes are not exactly one element of a definite length
[[nodiscard]] std::optional<std::string> canonical_ber_value(std::string_view ber);

/// The canonical form of a value that is text.
/// @param value valid UTF-8
[[nodiscard]] std::string escaped_attribute_value(std::string_view value);

} // namespace cm::core::detail
