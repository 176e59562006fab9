// The events that this replica has to publish: in order, bounded, for as long as they are this replica's. A plain class
// that the event publisher owns; it knows neither actors nor the clock.
#pragma once

#include "core/base/time.hpp"
#include "core/credentials/revocation.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <unordered_set>
#include <vector>

namespace cm::actors {

class outbox_queue {
public:
  /// @param lease how long an event belongs to this replica, less a margin; after it, whoever claims it publishes it
  outbox_queue(std::size_t limit, std::chrono::milliseconds lease) : limit_(limit), lease_(lease) {}

  /// Takes events in that were written or claimed at `now` or shortly before. Those that wait here already stay once.
  /// Returns how many found no room: they are claimed later.
  std::size_t add(const std::vector<core::revocation>& events, core::steady_time now);

  /// Forgets what does not belong to this replica any more.
  void expire(core::steady_time now);

  /// The oldest ones that are not under way, to be published together. They are under way then, and stay until done()
  /// or forgotten by expire().
  [[nodiscard]] std::vector<core::revocation> take(std::size_t most);

  /// They were not confirmed: take() gives them again.
  void again(const std::vector<core::revocation>& events);

  /// The same for all that is under way.
  void again();

  /// They are confirmed.
  void done(const std::vector<core::revocation>& events);

  /// Whether it is still this replica's to publish.
  [[nodiscard]] bool holds(const core::revocation& event) const { return holds(event.sequence); }

  [[nodiscard]] bool holds(std::uint64_t sequence) const { return known_.count(sequence) != 0; }

  /// Whether there is something for take().
  [[nodiscard]] bool waits() const noexcept { return under_way_ < waiting_.size(); }

  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

private:
  struct entry {
    core::revocation event;
    core::steady_time until;
    bool under_way = false;
  };

  std::size_t limit_;
  std::chrono::milliseconds lease_;
  std::deque<entry> waiting_;
  std::size_t under_way_ = 0; ///< of those
  std::unordered_set<std::uint64_t> known_;
};

} // namespace cm::actors
