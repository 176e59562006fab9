// Which rows at the end of the table `revocation` this replica has already read.
#pragma once

#include "core/base/time.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <map>
#include <span>
#include <vector>

namespace cm::actors {

/// The database assigns sequence numbers before the commit, so a row may become visible after rows with higher numbers.
/// Rows after the lowest missing number are therefore read again until that number appears, or until no transaction can
/// hold it any more. Not thread-safe; has no clock.
class revocation_tail {
public:
  /// @param patience maximum duration of a transaction, from its sequence number to its commit
  /// @param max_known maximum numbers to keep after the lowest missing one
  explicit revocation_tail(std::chrono::milliseconds patience, std::size_t max_known = 65'536)
    : patience_(patience), max_known_(max_known) {}

  /// Starts, or restarts, after `highest`: all numbers up to it count as known.
  void start(std::uint64_t highest);

  [[nodiscard]] bool started() const noexcept { return started_; }

  /// Rows with a number above this one have to be read.
  [[nodiscard]] std::uint64_t after() const noexcept { return settled_; }

  /// The highest known number.
  [[nodiscard]] std::uint64_t last() const noexcept { return known_.empty() ? settled_ : known_.rbegin()->first; }

  /// Returns those of the numbers that are not known yet.
  [[nodiscard]] std::vector<std::uint64_t> unknown(std::span<const std::uint64_t> found) const;

  /// Marks the rows with these numbers as processed at `now`.
  /// @return false if a missing number was given up because more than max_known numbers follow it: its row may remain
  ///         unread
  [[nodiscard]] bool take(std::span<const std::uint64_t> numbers, core::steady_time now);

private:
  void settle(core::steady_time now);

  std::chrono::milliseconds patience_;
  std::size_t max_known_;
  bool started_ = false;
  std::uint64_t settled_ = 0;                        ///< all numbers up to this one are known or given up
  std::map<std::uint64_t, core::steady_time> known_; ///< numbers above `settled_`, with their processing times
};

} // namespace cm::actors
