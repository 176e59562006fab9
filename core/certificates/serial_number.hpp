// Serial numbers of certificates as decimal text (contract section 5). All functions are thread-safe.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cm::core {

/// Maximum number of digits in either base. RFC 5280 allows 20 bytes (49 decimal digits); longer ones exist in
/// practice.
inline constexpr std::size_t max_serial_digits = 4096;

/// Whether `text` consists of 1 to max_serial_digits decimal digits, as in ECAP. Leading zeros are allowed.
[[nodiscard]] bool is_decimal_serial_number(std::string_view text) noexcept;

/// Converts to decimal digits without leading zeros ("0" for zero). Accepts decimal digits, or `0x` (`0X`) and
/// hexadecimal digits of either case; no sign, spaces or separators.
/// @return errc::invalid with a message that states the problem
[[nodiscard]] expected<std::string> normalised_serial_number(std::string_view text);

} // namespace cm::core
