// The events that this replica has to publish while it holds their leases.
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

/// Bounded queue of events, in the order of arrival. An event in the queue is waiting or in flight (published, but not
/// confirmed). Not thread-safe; time is a parameter.
class outbox_queue {
public:
  /// @param limit maximum number of events
  /// @param lease of an event for this replica, less a safety margin; afterwards any replica may claim and publish it
  outbox_queue(std::size_t limit, std::chrono::milliseconds lease) : limit_(limit), lease_(lease) {}

  /// Adds events that were written or claimed at `now` or shortly before. Events that are in the queue already are not
  /// added again.
  /// @return number of events that were rejected because the queue is full; a sweep claims them later
  std::size_t add(const std::vector<core::revocation>& events, core::steady_time now);

  /// Drops events whose leases have ended, also those in flight.
  void expire(core::steady_time now);

  /// Returns the oldest waiting events, at most `max`, to be published together. They are in flight from then on, and
  /// stay in the queue until done() or expire().
  [[nodiscard]] std::vector<core::revocation> take(std::size_t max);

  /// These events were not confirmed: they are waiting again, at their old position.
  void requeue(const std::vector<core::revocation>& events);

  /// The same for all events in flight.
  void requeue_all();

  /// Removes events that are confirmed.
  void done(const std::vector<core::revocation>& events);

  /// Whether the event is in the queue, so that this replica may publish it.
  [[nodiscard]] bool holds(const core::revocation& event) const { return holds(event.sequence); }

  [[nodiscard]] bool holds(std::uint64_t sequence) const { return known_.count(sequence) != 0; }

  /// Whether any event is waiting.
  [[nodiscard]] bool waits() const noexcept { return in_flight_ < waiting_.size(); }

  [[nodiscard]] bool empty() const noexcept { return waiting_.empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

private:
  struct entry {
    core::revocation event;
    core::steady_time until; ///< end of the lease
    bool in_flight = false;
  };

  std::size_t limit_;
  std::chrono::milliseconds lease_;
  std::deque<entry> waiting_; ///< all events, also those in flight
  std::size_t in_flight_ = 0;
  std::unordered_set<std::uint64_t> known_; ///< sequence numbers of `waiting_`
};

} // namespace cm::actors
