// UUIDs as CM makes them: version 7 (RFC 9562 section 5.7), ordered by creation.
#pragma once

#include <array>
#include <chrono>
#include <compare>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cm::core {

/// 16 bytes, network order.
struct uuid {
  std::array<std::uint8_t, 16> bytes{};

  friend auto operator<=>(const uuid&, const uuid&) = default;
};

/// Lower case, 8-4-4-4-12.
[[nodiscard]] std::string to_string(const uuid& id);

/// Writes the 36 characters to `out` without allocation.
void write_to(const uuid& id, char* out) noexcept;

/// Accepts exactly 36 characters, either case; nothing else.
[[nodiscard]] std::optional<uuid> parse_uuid(std::string_view text) noexcept;

/// Makes version 7 UUIDs that rise strictly within one process, even where the clock stands or steps back
/// (RFC 9562 section 6.2, method 1: the 12 bits after the milliseconds count, the other 62 are random).
/// Not thread-safe: every owner has its own.
class uuid_v7_generator {
public:
  /// @param now Unix time; what lies beyond 48 bits of milliseconds is cut off.
  [[nodiscard]] uuid next(std::chrono::system_clock::time_point now);

private:
  std::uint64_t last_ms_ = 0;
  std::uint16_t counter_ = 0;
};

/// A random version 4 UUID from the cryptographic source: for correlation and replica IDs.
[[nodiscard]] uuid random_uuid();

} // namespace cm::core

template <>
struct std::hash<cm::core::uuid> {
  std::size_t operator()(const cm::core::uuid& id) const noexcept {
    // The last 8 bytes of versions 4 and 7 are random but for two bits.
    std::size_t value = 0;
    for (std::size_t i = 8; i < 16; ++i)
      value = (value << 8U) | id.bytes[i];
    return value;
  }
};
