// UUIDs: version 7 (RFC 9562 section 5.7), ordered by creation, for stored rows; version 4 for other IDs.
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

/// Writes the 36 characters to `out`, without a terminating zero and without allocation.
void write_to(const uuid& id, char* out) noexcept;

/// Accepts the 36-character form only, in either case.
[[nodiscard]] std::optional<uuid> parse_uuid(std::string_view text) noexcept;

/// Generates strictly increasing version 7 UUIDs, even if the clock does not advance or steps back (RFC 9562 section
/// 6.2, method 1: the 12 bits after the milliseconds are a counter, the other 62 bits are random). The order holds
/// within one generator. Not thread-safe: every owner has its own.
class uuid_v7_generator {
public:
  /// @param now truncated to 48 bits of Unix milliseconds
  [[nodiscard]] uuid next(std::chrono::system_clock::time_point now);

private:
  std::uint64_t last_ms_ = 0;
  std::uint16_t counter_ = 0;
};

/// A version 4 UUID from the cryptographic random source, for correlation IDs and replica IDs. Thread-safe.
[[nodiscard]] uuid random_uuid();

} // namespace cm::core

template <>
struct std::hash<cm::core::uuid> {
  std::size_t operator()(const cm::core::uuid& id) const noexcept {
    // All but two of the last 64 bits of versions 4 and 7 are random.
    std::size_t value = 0;
    for (std::size_t i = 8; i < 16; ++i)
      value = (value << 8U) | id.bytes[i];
    return value;
  }
};
