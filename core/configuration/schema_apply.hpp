// Shared by the schema rows: access to parsed values, and time units.
#pragma once

#include "core/configuration/value.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <string>
#include <variant>

namespace cm::core::configuration {

inline constexpr std::int64_t minute_ms = 60'000;
inline constexpr std::int64_t hour_ms = 60 * minute_ms;
inline constexpr std::int64_t day_ms = 24 * hour_ms;
inline constexpr std::int64_t year_ms = 365 * day_ms;

// The type of a row determines the type of its values. A mismatch is a bug in the schema and throws
// std::bad_variant_access.
[[nodiscard]] inline const std::string& text_in(const parsed_value& value) {
  return std::get<std::string>(value);
}

[[nodiscard]] inline const secret& secret_in(const parsed_value& value) {
  return std::get<secret>(value);
}

[[nodiscard]] inline bool switch_in(const parsed_value& value) {
  return std::get<bool>(value);
}

[[nodiscard]] inline std::chrono::milliseconds duration_in(const parsed_value& value) {
  return std::get<std::chrono::milliseconds>(value);
}

/// For numbers and sizes. The schema ensures that they are not negative.
[[nodiscard]] inline std::size_t count_in(const parsed_value& value) {
  return static_cast<std::size_t>(std::get<std::int64_t>(value));
}

[[nodiscard]] inline std::uint16_t port_in(const parsed_value& value) {
  return static_cast<std::uint16_t>(std::get<std::int64_t>(value));
}

} // namespace cm::core::configuration
