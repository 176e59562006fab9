// Times as CM stores and shows them: Unix milliseconds, UTC, ISO 8601.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cm::core {

/// A moment with the precision of everything that CM stores and sends.
using timestamp = std::chrono::sys_time<std::chrono::milliseconds>;

/// The clock that deadlines are measured by.
using steady_time = std::chrono::steady_clock::time_point;

/// The present moment of the system clock, cut to milliseconds.
[[nodiscard]] timestamp now_ms() noexcept;

[[nodiscard]] constexpr std::int64_t to_unix_ms(timestamp at) noexcept {
  return at.time_since_epoch().count();
}

[[nodiscard]] constexpr timestamp from_unix_ms(std::int64_t ms) noexcept {
  return timestamp{std::chrono::milliseconds{ms}};
}

/// "2026-11-22T14:17:00.000Z" (contract section 5); years 0000 to 9999; a moment beyond them is shown as
/// the nearest within.
[[nodiscard]] std::string to_iso8601(timestamp at);

/// Reads exactly the form that to_iso8601 writes.
[[nodiscard]] std::optional<timestamp> parse_iso8601(std::string_view text) noexcept;

/// Whether a message made at `created_ms` with `timeout_ms` is past its time at `now` (contract section 4:
/// 0 means never; a negative timeout is one that is past). No overflow for any input.
[[nodiscard]] bool is_expired(std::int64_t created_ms, std::int64_t timeout_ms, timestamp now) noexcept;

} // namespace cm::core
