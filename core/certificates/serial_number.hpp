// Serial numbers of certificates as decimal text (contract section 5). All functions are thread-safe.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cm::core {

/// Maximum number of digits in either base, without a sign. RFC 5280 allows 20 bytes (49 decimal digits); longer ones
/// exist in practice.
inline constexpr std::size_t max_serial_digits = 4096;

/// Whether `text` is an integer in base 10, as in ECAP: an optional `-`, and 1 to max_serial_digits digits. Leading
/// zeros are allowed, `+` is not.
[[nodiscard]] bool is_decimal_serial_number(std::string_view text) noexcept;

/// Converts to decimal digits without leading zeros ("0" for zero, also for a negative one), after a `-` if the number
/// is negative: RFC 5280 forbids such serial numbers, but authorities have issued them. Accepts decimal digits, or `0x`
/// (`0X`) and hexadecimal digits of either case, both optionally after a `-` (as OpenSSL prints `-0x80`); no `+`,
/// spaces or separators.
/// @return errc::invalid with a message that states the problem
[[nodiscard]] expected<std::string> normalised_serial_number(std::string_view text);

} // namespace cm::core
