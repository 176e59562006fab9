#include "core/base/uuid.hpp"

#include "core/base/text.hpp"

#include <sodium.h>

#include <algorithm>
#include <span>

namespace cm::core {

namespace {

constexpr bool dash_before(std::size_t byte) noexcept {
  return byte == 4 || byte == 6 || byte == 8 || byte == 10;
}

// Cryptographic random bytes from a buffer of 512 bytes per thread: the system call costs more than the rest of an ID.
// Not for secrets, because the bytes stay in memory.
void take_random(std::span<std::uint8_t> out) {
  constexpr std::size_t size = 512;
  thread_local std::array<std::uint8_t, size> ready{};
  thread_local std::size_t used = size;
  if (size - used < out.size()) {
    randombytes_buf(ready.data(), ready.size());
    used = 0;
  }
  std::copy_n(ready.begin() + static_cast<std::ptrdiff_t>(used), out.size(), out.begin());
  used += out.size();
}

} // namespace

void write_to(const uuid& id, char* out) noexcept {
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (dash_before(i))
      *out++ = '-';
    *out++ = hex_digits[id.bytes[i] >> 4U];
    *out++ = hex_digits[id.bytes[i] & 0x0fU];
  }
}

std::string to_string(const uuid& id) {
  std::string text(36, '\0');
  write_to(id, text.data());
  return text;
}

std::optional<uuid> parse_uuid(std::string_view text) noexcept {
  if (text.size() != 36)
    return std::nullopt;
  uuid id;
  std::size_t position = 0;
  for (std::size_t i = 0; i < id.bytes.size(); ++i) {
    if (dash_before(i) && text[position++] != '-')
      return std::nullopt;
    const int high = hex_value(text[position++]);
    const int low = hex_value(text[position++]);
    if (high < 0 || low < 0)
      return std::nullopt;
    id.bytes[i] = static_cast<std::uint8_t>((high << 4) | low);
  }
  return id;
}

uuid uuid_v7_generator::next(std::chrono::system_clock::time_point now) {
  constexpr std::uint64_t mask48 = (1ULL << 48U) - 1;
  const auto since_epoch = std::chrono::duration_cast<std::chrono::milliseconds>(now.time_since_epoch()).count();
  const auto ms = static_cast<std::uint64_t>(since_epoch < 0 ? 0 : since_epoch) & mask48;

  uuid id;
  take_random(std::span{id.bytes}.subspan(6));
  if (ms > last_ms_) {
    last_ms_ = ms;
    // Start in the lower half, so that the counter does not overflow within one millisecond.
    counter_ = static_cast<std::uint16_t>((id.bytes[6] & 0x07U) * 256U + id.bytes[7]);
  } else if (++counter_ > 0x0fffU) {
    // Counter overflow within one millisecond, or the clock stepped back: use the next millisecond ahead of time.
    ++last_ms_;
    counter_ = 0;
  }

  for (std::size_t i = 0; i < 6; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(last_ms_ >> (40U - 8U * i));
  id.bytes[6] = static_cast<std::uint8_t>(0x70U | (counter_ >> 8U));
  id.bytes[7] = static_cast<std::uint8_t>(counter_ & 0xffU);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3fU) | 0x80U);
  return id;
}

uuid random_uuid() {
  uuid id;
  take_random(id.bytes);
  id.bytes[6] = static_cast<std::uint8_t>((id.bytes[6] & 0x0fU) | 0x40U);
  id.bytes[8] = static_cast<std::uint8_t>((id.bytes[8] & 0x3fU) | 0x80U);
  return id;
}

} // namespace cm::core
