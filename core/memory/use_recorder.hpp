// Decides which uses of client credentials are written: `last_used_at` has a resolution of one minute.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <unordered_map>

namespace cm::core {

struct use_recorder_settings {
  std::chrono::milliseconds interval{60'000}; ///< a credential is due at most once per interval
  std::size_t max_credentials = 65'536;       ///< capacity; at least 1
};

/// Keeps the time of the last written use per credential. At capacity the least recently written credential is evicted;
/// it becomes due again, which only costs an additional write. Calls take constant time. Not thread-safe.
class use_recorder {
public:
  explicit use_recorder(use_recorder_settings settings = {});

  /// True if this use must be written; from then on it counts as written. Also true if the clock went back.
  [[nodiscard]] bool due(const uuid& credential, timestamp now);

  /// Reports that the write failed: the next use of the credential is due.
  void not_written(const uuid& credential);

  /// Number of credentials that are kept.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
  struct entry {
    timestamp written{};
    std::list<uuid>::iterator position; ///< in order_
  };

  use_recorder_settings settings_;
  std::unordered_map<uuid, entry> entries_;
  std::list<uuid> order_; ///< least recently written first
};

} // namespace cm::core
