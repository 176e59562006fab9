// The tokens that one validator has read lately, and may answer for without asking the database (contract 4.4).
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/token_key.hpp"
#include "core/memory/recent_revocations.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string_view>
#include <vector>

namespace cm::core {

struct token_cache_settings {
  std::size_t max_bytes = 0; ///< all that it may take, its own indexes included; 0: it keeps nothing
  std::chrono::milliseconds time_to_live{10'000}; ///< 0: it keeps nothing
};

/// Counts what is forgotten, so that an answer of the database that is older than a revocation can be told.
using cache_generation = std::uint64_t;

/// Entries lie one behind the other in segments, in the order in which they were read; so they also end in that order,
/// and whole segments go: by age, or the oldest where there is no room (the idea of segments by time to live is that
/// of J. Yang et al., "Segcache", NSDI 2021). No entry is allocated by itself, and the bytes can be told exactly.
/// Holds no token's value, only its token_key. Not thread-safe; time is a parameter and must not go back.
class token_cache {
public:
  struct hit {
    uuid id;
    std::string_view endpoint_id; ///< until the next call that is not find()
    bool refresh = false;         ///< true once in an entry's life, in its last third: time to read it again
  };

  explicit token_cache(token_cache_settings settings);

  /// To be called before a run of find(): lets go of what is too old.
  void expire(steady_time now);

  /// Fetches the part of the index where the token would be from memory, without waiting for it. Of many tokens most
  /// lie outside the processor's caches: to be called some tokens ahead of find() or insert().
  void prefetch(const token_key& key) const noexcept;

  /// The same for the entry, if there is one; to be called between prefetch() and find().
  void prefetch_entry(const token_key& key) const noexcept;

  /// What is known of the token, read within the time-to-live before the `now` of the last expire(), and not forgotten
  /// since.
  [[nodiscard]] std::optional<hit> find(const token_key& key) noexcept;

  /// To be noted when a question leaves for the database.
  [[nodiscard]] cache_generation generation() const noexcept { return generation_; }

  /// Keeps what the database answered to a question that left at `asked_at` in that generation; replaces what was
  /// known. Not kept: what is longer than CM stores, what was forgotten since the question left, and what finds no
  /// room.
  void insert(const token_key& key, const uuid& id, std::string_view endpoint_id, steady_time asked_at,
              cache_generation asked_in);

  /// From now on the token with this ID is not known, neither from what is here nor from answers that are on their way.
  void invalidate(const uuid& id);

  /// The same for all tokens.
  void clear();

  [[nodiscard]] std::size_t size() const noexcept { return entries_; }

  /// All memory that depends on what is kept: segments, index, the list of what was forgotten.
  [[nodiscard]] std::size_t bytes() const noexcept;

  /// Entries that had to go before their time, for want of room.
  [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

private:
  struct header;

  /// Where an entry begins: its segment and its place in it, in units.
  using place = std::uint32_t;

  struct slot {
    place where;
    std::uint32_t tag; ///< of the key
  };

  /// A part of the index, with open addressing and linear probing. Many small ones grow one by one: none holds up the
  /// answers for long.
  struct partition {
    std::vector<slot> slots;
    std::size_t used = 0;
  };

  struct segment {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t used = 0;
    std::int64_t base_ms = 0;   ///< entries count from here
    std::int64_t newest_ms = 0; ///< the latest reading in it
  };

  [[nodiscard]] partition& partition_of(const token_key& key) noexcept { return index_[key.first >> 56U]; }

  [[nodiscard]] const partition& partition_of(const token_key& key) const noexcept { return index_[key.first >> 56U]; }

  [[nodiscard]] std::byte* at(place where) const noexcept;
  [[nodiscard]] slot* find_slot(const token_key& key) noexcept;
  [[nodiscard]] bool have_room(std::size_t more);
  [[nodiscard]] bool grow(partition& part);
  [[nodiscard]] segment* segment_for(std::size_t length, std::int64_t asked_ms);
  static void place_slot(std::vector<slot>& slots, slot what) noexcept;
  void erase(partition& part, slot* what) noexcept;
  void drop_front();

  token_cache_settings settings_;
  std::size_t segment_bytes_ = 0;
  std::array<partition, 256> index_;
  std::vector<std::unique_ptr<segment>> segments_; ///< by number; null: free
  std::vector<std::uint32_t> free_numbers_;
  std::deque<std::uint32_t> order_; ///< numbers, the oldest first
  std::size_t entries_ = 0;
  std::size_t index_bytes_ = 0;
  recent_revocations recent_revocations_;
  std::int64_t next_rotation_ms_ = 0; ///< of recent_revocations_
  std::int64_t now_ms_ = 0;
  cache_generation generation_ = 1;
  cache_generation cleared_at_ = 1; ///< answers to questions of an older generation are not kept
  std::uint64_t evicted_ = 0;
};

} // namespace cm::core
