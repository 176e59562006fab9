// Decides which uses of client credentials are written: `last_used_at` is exact to the minute, not to the request.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"

#include <chrono>
#include <cstddef>
#include <list>
#include <unordered_map>

namespace cm::core {

struct use_recorder_settings {
  std::chrono::milliseconds interval{60'000}; ///< a credential is due at most once in this time
  std::size_t max_credentials = 65'536;       ///< remembered at most; at least 1
};

/// Remembers when a use of each credential was last written. A forgotten credential is due again, which costs a write
/// and nothing else. A plain value of one owner; a call takes constant time.
class use_recorder {
public:
  explicit use_recorder(use_recorder_settings settings = {});

  /// True when this use is to be written; it counts as written from then on. Also true when the clock went back.
  [[nodiscard]] bool due(const uuid& credential, timestamp now);

  /// The use could not be written after all: the next one is due.
  void not_written(const uuid& credential);

  /// Credentials that are remembered.
  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
  struct entry {
    timestamp written{};
    std::list<uuid>::iterator place;
  };

  use_recorder_settings settings_;
  std::unordered_map<uuid, entry> entries_;
  std::list<uuid> order_; ///< the longest not written first
};

} // namespace cm::core
