// A compact queue of first uses of tokens that wait to be written to the database. Plain classes that the storage
// dispatcher owns, without actors or a clock.
#pragma once

#include "core/base/uuid.hpp"
#include "storage/tokens/token_commands.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace cm::actors {

/// A set of IDs: an open-addressing hash table with linear probing, 16 bytes a slot, load factor at most 3/4.
/// Not thread-safe.
class uuid_set {
public:
  /// @return false: the set contains the ID already
  bool insert(const core::uuid& id);
  void erase(const core::uuid& id) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_ + (has_zero_ ? 1 : 0); }

private:
  [[nodiscard]] std::size_t slot_of(const core::uuid& id) const noexcept;
  void resize(std::size_t slots);

  std::vector<core::uuid> slots_; ///< a power of two; a zero ID marks a free slot
  std::size_t size_ = 0;          ///< slots in use
  bool has_zero_ = false;         ///< contains the zero ID, which cannot be in a slot
};

/// First uses in the order of arrival, each token at most once. A token is known from add() until done(), also while it
/// is being written. Correlation IDs are truncated to the length that the audit trail shows. Not thread-safe.
class activation_queue {
public:
  /// @param limit maximum of known tokens; the waiting entries take at most 64 bytes times `limit`
  explicit activation_queue(std::size_t limit) : limit_(limit) {}

  /// @return false: the queue is full, and the first use was not added; true also if the token is known already
  [[nodiscard]] bool add(const storage::activation& use);

  /// Removes and returns the oldest entries, at most `max_count`. Their tokens stay known: requeue() or done() must
  /// follow.
  [[nodiscard]] std::vector<storage::activation> take(std::size_t max_count);

  /// The entries could not be written: appends them to the queue again.
  void requeue(const std::vector<storage::activation>& taken);

  /// The entries were written, or are dropped.
  void done(const std::vector<storage::activation>& taken) noexcept;

  /// The number of waiting entries, without those that were taken.
  [[nodiscard]] std::size_t size() const noexcept { return waiting_; }

  [[nodiscard]] bool empty() const noexcept { return waiting_ == 0; }

private:
  void push(const storage::activation& use);

  // An encoded entry has the token's ID, one byte for the kind of the correlation ID, two bytes for its length, and the
  // correlation ID itself; one that is a UUID is stored as 16 bytes.
  struct block {
    std::vector<std::uint8_t> bytes;
    std::size_t read = 0;
  };

  std::size_t limit_;
  std::deque<block> blocks_; ///< an entry is never split across blocks
  std::size_t waiting_ = 0;  ///< entries
  std::size_t bytes_ = 0;    ///< of the waiting entries
  uuid_set known_;
};

} // namespace cm::actors
