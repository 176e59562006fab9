// Times as CM stores them (Unix milliseconds) and shows them (ISO 8601, UTC).
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cm::core {

/// A point in time with the precision of everything that CM stores and sends.
using timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// Deadlines and ages use the steady clock.
using steady_time = std::chrono::steady_clock::time_point;

/// The current time of the system clock, truncated to milliseconds.
[[nodiscard]] timestamp now_ms() noexcept;

[[nodiscard]] constexpr std::int64_t to_unix_ms(timestamp at) noexcept {
  return at.time_since_epoch().count();
}

[[nodiscard]] constexpr timestamp from_unix_ms(std::int64_t ms) noexcept {
  return timestamp{std::chrono::milliseconds{ms}};
}

/// "2026-11-22T14:17:00.000Z" (contract section 5). Times outside the years 0000 to 9999 are clamped to that range.
[[nodiscard]] std::string to_iso8601(timestamp at);

/// Accepts only the form that to_iso8601 writes.
[[nodiscard]] std::optional<timestamp> parse_iso8601(std::string_view text) noexcept;

/// Whether a message that was created at `created_ms` (Unix ms) with `timeout_ms` has expired at `now` (contract
/// section 4). A timeout of 0 never expires; a negative one has always expired. No overflow for any input.
[[nodiscard]] bool is_expired(std::int64_t created_ms, std::int64_t timeout_ms, timestamp now) noexcept;

} // namespace cm::core
