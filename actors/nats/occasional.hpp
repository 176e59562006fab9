// Keeps a flood of the same trouble from flooding the log.
#pragma once

#include <bit>
#include <cstdint>

namespace cm::actors {

/// Says that something happens, at the first, second, fourth, eighth time: a flood of it does not flood the log.
class occasional {
public:
  [[nodiscard]] bool again() noexcept { return std::has_single_bit(++count_); }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

private:
  std::uint64_t count_ = 0;
};

} // namespace cm::actors
