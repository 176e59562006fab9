// Slows down who guesses passwords: too many failures for one username close it for a while (contract 6.3).
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
  unsigned failures = 10;                        ///< this many within `window` block; at least 1
  std::chrono::milliseconds window{60'000};      ///< more than 0
  std::chrono::milliseconds blocked_for{30'000}; ///< from the failure that was one too many
  std::size_t max_usernames = 65'536;            ///< kept at most; at least 1
};

/// Counts failed attempts by username, whether there is such a user or not. A plain value of one owner; the time is
/// handed in and must not go back. A call takes constant time. Keeps a keyed hash of the name in place of the name, so
/// that long names take no more memory than short ones and nobody can choose names that collide.
///
/// When max_usernames are kept, a new one takes the place of the one without a block whose last failure is the oldest;
/// where all are blocked, of the one whose block ends first.
class attempt_limiter {
public:
  explicit attempt_limiter(attempt_limits limits = {});

  /// True while attempts for this username are to be refused (429) without being looked at. An attempt that is refused
  /// is no failure: do not report it.
  [[nodiscard]] bool blocked(std::string_view username, steady_time now);

  /// How many more failures of this username there may be before it is blocked; 0 while it is. No more attempts than
  /// that may be under way at a time, or many at once would get around the limit.
  [[nodiscard]] unsigned left(std::string_view username, steady_time now);

  /// Counts a failed attempt. The one that reaches the limit blocks the username.
  void failed(std::string_view username, steady_time now);

  /// Forgets the failures of a username; a block stays until its end.
  void succeeded(std::string_view username);

  /// Usernames that are remembered, for a metric.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
  using key = std::uint64_t;

  struct entry {
    std::vector<steady_time> failures; ///< within the window, oldest first; empty while blocked
    steady_time until{};               ///< end of the block
    bool is_blocked = false;
    std::list<key>::iterator place; ///< in open_ or blocked_
  };

  using table = std::unordered_map<key, entry>;

  [[nodiscard]] key key_of(std::string_view username) const noexcept;
  void expire(steady_time now);
  void invalidate(table::iterator which);
  void make_room();

  attempt_limits limits_;
  std::array<unsigned char, 16> hash_key_{};
  table entries_;
  std::list<key> open_;    ///< without a block, the one with the oldest last failure first
  std::list<key> blocked_; ///< the one whose block ends first in front
};

} // namespace cm::core
