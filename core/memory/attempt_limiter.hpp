// Limits password guessing: too many failures for one username block it for a while (contract 6.3).
#pragma once

#include "core/base/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <string_view>
#include <unordered_map>
#include <vector>

namespace cm::core {

struct attempt_limits {
  unsigned failures = 10;                        ///< failures within `window` that block a username; at least 1
  std::chrono::milliseconds window{60'000};      ///< more than 0
  std::chrono::milliseconds blocked_for{30'000}; ///< counted from the failure that reached the limit
  std::size_t max_usernames = 65'536;            ///< capacity; at least 1
};

/// Counts failed attempts by username, whether the user exists or not. A success clears nothing: otherwise every login
/// of the genuine client would give an attacker new guesses. Not thread-safe. Time is a parameter and must not go back.
/// Calls take amortised constant time. The limiter stores a keyed hash of the username: long names take no more memory
/// than short ones, and an attacker cannot choose names that collide.
///
/// At max_usernames, a new username evicts the unblocked one whose last failure is the oldest; if all are blocked, the
/// one whose block ends first.
class attempt_limiter {
public:
  explicit attempt_limiter(attempt_limits limits = {});

  /// True while attempts for this username must be refused (429) without checking the password. Do not report such a
  /// refusal to failed().
  [[nodiscard]] bool blocked(std::string_view username, steady_time now);

  /// The number of failures that remain before this username is blocked; 0 while it is blocked. The caller must not
  /// have more attempts in flight than this, or concurrent attempts would bypass the limit.
  [[nodiscard]] unsigned left(std::string_view username, steady_time now);

  /// Counts a failed attempt. The one that reaches the limit blocks the username.
  void failed(std::string_view username, steady_time now);

  /// Number of usernames with failures or a block, for a metric.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
  using key = std::uint64_t;

  struct entry {
    std::vector<steady_time> failures; ///< within the window, oldest first; empty while blocked
    steady_time until{};               ///< end of the block
    bool is_blocked = false;
    std::list<key>::iterator position; ///< in unblocked_ or blocked_
  };

  using table = std::unordered_map<key, entry>;

  [[nodiscard]] key key_of(std::string_view username) const noexcept;
  void expire(steady_time now);
  void invalidate(table::iterator which);
  void evict_if_full();

  attempt_limits limits_;
  std::array<unsigned char, 16> hash_key_{};
  table entries_;
  std::list<key> unblocked_; ///< ordered by their last failure, oldest first
  std::list<key> blocked_;   ///< ordered by the end of their block, earliest first
};

} // namespace cm::core
