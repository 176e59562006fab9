// The tail of the table revocation as one replica has read it: which rows are new to it. A plain class without a clock.
#pragma once

#include "core/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace cm::actors {

/// Sequence numbers are given before the commit, so a row may become visible below rows that were read already.
/// Everything behind the oldest number that is still missing is therefore read again, until that number turns up or no
/// transaction can hold it any more. Not thread-safe.
class revocation_tail {
public:
  /// @param patience how long a transaction may hold a number without having committed
  /// @param max_known numbers behind the oldest missing one that are kept
  explicit revocation_tail(std::chrono::milliseconds patience, std::size_t max_known = 65'536)
    : patience_(patience), max_known_(max_known) {}

  /// Where reading begins: numbers up to `highest` that are visible by now count as known.
  void start(std::uint64_t highest);

  [[nodiscard]] bool started() const noexcept { return started_; }

  /// Rows behind this number have to be read.
  [[nodiscard]] std::uint64_t after() const noexcept { return settled_; }

  /// The highest number that is known.
  [[nodiscard]] std::uint64_t last() const noexcept { return known_.empty() ? settled_ : known_.rbegin()->first; }

  /// Those of the numbers that are not known yet.
  [[nodiscard]] std::vector<std::uint64_t> unknown(std::span<const std::uint64_t> found) const;

  /// The rows with these numbers were processed at `now`.
  /// @return false where a number that is still missing had to be given up because too many are known behind it: a row
  ///         may stay unread
  [[nodiscard]] bool take(std::span<const std::uint64_t> numbers, core::steady_time now);

private:
  void settle(core::steady_time now);

  std::chrono::milliseconds patience_;
  std::size_t max_known_;
  bool started_ = false;
  std::uint64_t settled_ = 0;                        ///< everything up to here is known, or never comes
  std::map<std::uint64_t, core::steady_time> known_; ///< behind `settled_`, with the time when it was processed
};

} // namespace cm::actors
