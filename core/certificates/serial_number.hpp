// Serial numbers of certificates: decimal integers of any length (contract section 5).
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cm::core {

/// Most digits of a serial number in either base. RFC 5280 allows 20 bytes (49 decimal digits); others are met.
inline constexpr std::size_t max_serial_digits = 4096;

/// Decimal digits only, 1 to max_serial_digits, as ECAP carries them (base 10). Leading zeros may be there.
[[nodiscard]] bool is_decimal_serial_number(std::string_view text) noexcept;

/// Decimal digits without leading zeros ("0" for zero), from decimal or from `0x` (`0X`) and hexadecimal digits of
/// either case. No sign, no spaces, no separators. Any thread.
/// @return errc::invalid with a message that says what is wrong
[[nodiscard]] expected<std::string> normalised_serial_number(std::string_view text);

} // namespace cm::core
