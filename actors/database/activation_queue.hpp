// First uses of tokens that wait to be written: many of them in little memory. A plain class that the storage
// dispatcher owns; it knows neither actors nor the clock.
#pragma once

#include "core/base/uuid.hpp"
#include "storage/tokens/token_commands.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <vector>

namespace cm::actors {

/// A set of IDs in one flat table: 16 bytes a place, at most three quarters of the places taken.
class uuid_set {
public:
  /// False where it is in already.
  bool insert(const core::uuid& id);
  void erase(const core::uuid& id) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return size_ + (has_zero_ ? 1 : 0); }

private:
  [[nodiscard]] std::size_t place_of(const core::uuid& id) const noexcept;
  void resize(std::size_t places);

  std::vector<core::uuid> places_; ///< a power of two of them; zero: free
  std::size_t size_ = 0;           ///< of places that are taken
  bool has_zero_ = false;          ///< it cannot be in a place
};

/// In order of arrival, each token once. A token is known from add() until done(), also while it is being written.
/// Correlation IDs are kept as far as the audit trail takes them.
class activation_queue {
public:
  /// @param limit most tokens that are known; and 64 times as many bytes wait at most, which is more than most need
  explicit activation_queue(std::size_t limit) : limit_(limit) {}

  /// False where there is no room for it; a token that is known already needs none.
  [[nodiscard]] bool add(const storage::activation& one);

  /// The oldest ones, out of the queue; they stay known.
  [[nodiscard]] std::vector<storage::activation> take(std::size_t most);

  /// They were not written and wait again, behind the others.
  void again(const std::vector<storage::activation>& taken);

  /// They are written, or given up.
  void done(const std::vector<storage::activation>& taken) noexcept;

  /// Tokens that wait, without those that were taken.
  [[nodiscard]] std::size_t size() const noexcept { return waiting_; }

  [[nodiscard]] bool empty() const noexcept { return waiting_ == 0; }

private:
  void push(const storage::activation& one);

  // One entry: the ID; one byte for the kind and two for the length of the correlation ID; the correlation ID, that of
  // a UUID as its 16 bytes.
  struct block {
    std::vector<std::uint8_t> bytes;
    std::size_t read = 0;
  };

  std::size_t limit_;
  std::deque<block> blocks_; ///< an entry is never divided between two
  std::size_t waiting_ = 0;
  std::size_t bytes_ = 0; ///< of those that wait
  uuid_set known_;
};

} // namespace cm::actors
