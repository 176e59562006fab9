// Cache of the tokens that one validator has read from the database recently (contract 4.4).
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
  std::size_t max_bytes = 0;                      ///< memory limit, including the index; 0 disables the cache
  std::chrono::milliseconds time_to_live{10'000}; ///< 0 disables the cache
};

/// A short name of an application, which entries carry. Two applications may have the same one: they are forgotten
/// together.
using application_tag = std::uint32_t;

[[nodiscard]] application_tag tag_of_application(std::string_view application) noexcept;

/// Counts invalidations, to recognise a database result that is older than a revocation.
using cache_generation = std::uint64_t;

/// Entries are stored consecutively in segments, in the order in which they were read. They also expire in that order,
/// so the cache drops whole segments: expired ones, and the oldest one when it needs memory (segments by time-to-live:
/// J. Yang et al., "Segcache", NSDI 2021). Entries need no allocation of their own, and bytes() is exact. The cache
/// holds no token values, only token_keys. Not thread-safe. Time is a parameter and must not go back.
class token_cache {
public:
  struct hit {
    uuid id;
    std::string_view endpoint_id; ///< valid until the next call of a function other than find()
    bool refresh = false;         ///< true once per entry, late in its time-to-live: read it from the database again
  };

  explicit token_cache(token_cache_settings settings);

  /// Drops expired entries and sets the time for the following calls of find(). Call it before a batch of find().
  void expire(steady_time now);

  /// Prefetches the index slot of the token into the CPU cache without waiting. With many tokens most of the index is
  /// outside the CPU caches: call this a few tokens ahead of find() or insert().
  void prefetch(const token_key& key) const noexcept;

  /// Prefetches the entry, if there is one. Call it between prefetch() and find().
  void prefetch_entry(const token_key& key) const noexcept;

  /// Returns the entry of the token unless it had reached its time-to-live at the `now` of the last expire() or was
  /// invalidated.
  [[nodiscard]] std::optional<hit> find(const token_key& key) noexcept;

  /// The current generation. Record it when a look-up is sent to the database, for insert().
  [[nodiscard]] cache_generation generation() const noexcept { return generation_; }

  /// Stores the result of a database look-up; replaces an existing entry of the token. The result is dropped if the
  /// endpoint ID is longer than CM stores, if the token was invalidated after the look-up was sent, or if there is not
  /// enough memory.
  /// @param asked_at the time at which the look-up was sent
  /// @param asked_in generation() at that time
  void insert(const token_key& key, application_tag application, const uuid& id, std::string_view endpoint_id,
              steady_time asked_at, cache_generation asked_in);

  /// Invalidates the token with this ID: its entry, and the results of look-ups that are in flight.
  void invalidate(const uuid& id);

  /// Invalidates all tokens of an application. Entries of more than max_forgotten applications within one time-to-live
  /// are not told apart: all tokens are invalidated.
  void forget(application_tag application);

  /// Limit of forget().
  static constexpr std::size_t max_forgotten = 64;

  /// Invalidates all tokens.
  void clear();

  [[nodiscard]] std::size_t size() const noexcept { return entries_; }

  /// Memory of the segments, the index and the recent revocations.
  [[nodiscard]] std::size_t bytes() const noexcept;

  /// Number of entries that were dropped before they expired, because of max_bytes.
  [[nodiscard]] std::uint64_t evicted() const noexcept { return evicted_; }

private:
  struct header;

  /// The position of an entry in units of 8 bytes: segment number times units per segment, plus its offset.
  using position = std::uint32_t;

  struct slot {
    position where;
    std::uint32_t tag; ///< lower 32 bits of the key
  };

  /// One of 256 parts of the index, a hash table with open addressing and linear probing. Each part grows separately,
  /// so that no single growth delays responses for long.
  struct partition {
    std::vector<slot> slots;
    std::size_t used = 0;
  };

  struct segment {
    std::unique_ptr<std::byte[]> bytes;
    std::size_t used = 0;
    std::int64_t base_ms = 0;   ///< the times of its entries are relative to this
    std::int64_t newest_ms = 0; ///< time of its most recently read entry
  };

  /// An application whose tokens were invalidated, until all entries from before have expired.
  struct forgotten_application {
    application_tag application = 0;
    std::uint32_t moment = 0; ///< lower 32 bits of the generation
    std::int64_t until_ms = 0;
  };

  [[nodiscard]] bool forgotten(application_tag application, std::uint32_t read_at) const noexcept;

  [[nodiscard]] partition& partition_of(const token_key& key) noexcept { return index_[key.first >> 56U]; }

  [[nodiscard]] const partition& partition_of(const token_key& key) const noexcept { return index_[key.first >> 56U]; }

  [[nodiscard]] std::byte* entry_at(position where) const noexcept;
  [[nodiscard]] slot* find_slot(const token_key& key) noexcept;
  [[nodiscard]] bool free_memory(std::size_t additional);
  [[nodiscard]] bool grow(partition& part);
  [[nodiscard]] segment* segment_for(std::size_t length, std::int64_t asked_ms);
  static void insert_slot(std::vector<slot>& slots, slot added) noexcept;
  void erase(partition& part, slot* erased) noexcept;
  void drop_oldest_segment();

  token_cache_settings settings_;
  std::size_t segment_bytes_ = 0;
  std::array<partition, 256> index_;
  std::vector<std::unique_ptr<segment>> segments_; ///< by segment number; null: the number is free
  std::vector<std::uint32_t> free_numbers_;
  std::deque<std::uint32_t> order_; ///< segment numbers, oldest first
  std::size_t entries_ = 0;
  std::size_t index_bytes_ = 0;
  recent_revocations recent_revocations_;
  std::vector<forgotten_application> forgotten_; ///< empty nearly always
  std::int64_t next_rotation_ms_ = 0;            ///< when recent_revocations_ is rotated next
  std::int64_t now_ms_ = 0;
  cache_generation generation_ = 1;
  cache_generation cleared_at_ = 1; ///< results of look-ups from an older generation are dropped
  std::uint64_t evicted_ = 0;
};

} // namespace cm::core
