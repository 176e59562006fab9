// Requests with a deadline, without a timer for each of them.
#pragma once

#include "core/base/time.hpp"

#include <caf/behavior.hpp>
#include <caf/duration.hpp>
#include <caf/error.hpp>
#include <caf/message_id.hpp>
#include <caf/sec.hpp>

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <optional>
#include <utility>
#include <vector>

namespace cm::actors {

/// The deadlines of an actor's pending requests. The actor's state has it as the member `deadlines`.
///
/// CAF 0.17 does not cancel the timer of a request when the answer arrives: it wakes the clock's thread when it is set,
/// and the clock and the actor when it expires, which is three wake-ups for a request that has long been answered.
/// Here an actor has one timer for all of its requests, set for the earliest deadline. Not thread-safe: only the actor
/// itself uses it.
class request_deadlines {
public:
  /// Minimum time between two timers. A request may expire this much later than its deadline.
  static constexpr std::chrono::milliseconds resolution{100};

  /// A request was sent. @pre `id` is higher than all before
  void add(caf::message_id id, core::steady_time until) { waiting_.push_back({id, until}); }

  /// The request was answered, or has expired. Ignores unknown IDs.
  void answered(caf::message_id id) noexcept;

  /// Removes and returns the requests whose deadline has passed.
  [[nodiscard]] std::vector<caf::message_id> take_expired(core::steady_time now);

  /// The time for which the caller must set a timer; it counts as set then. Empty: no timer is needed.
  [[nodiscard]] std::optional<core::steady_time> next_timer(core::steady_time now);

  /// The timer for this time has expired.
  void timer_over(core::steady_time at) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

private:
  struct entry {
    caf::message_id id;
    core::steady_time until;
  };

  std::vector<entry> waiting_;             ///< sorted by ID; few at a time
  std::optional<core::steady_time> timer_; ///< the earliest that is set
};

/// Sets the timer for the pending requests, if one is needed. An expired request is answered with the error
/// `sec::request_timeout`, as CAF itself would do.
template <class Self>
void watch_requests(Self* self) {
  const auto now = self->clock().now();
  const auto due = self->state.deadlines.next_timer(now);
  if (!due)
    return;
  const auto id = self->new_request_id(caf::message_priority::normal);
  self->add_multiplexed_response_handler(id.response_id(), caf::behavior{[self, due = *due](const caf::error&) {
                                           auto& deadlines = self->state.deadlines;
                                           deadlines.timer_over(due);
                                           for (const auto expired : deadlines.take_expired(self->clock().now()))
                                             self->eq_impl(expired, nullptr, self->context(),
                                                           caf::make_error(caf::sec::request_timeout));
                                           watch_requests(self);
                                         }});
  self->request_response_timeout(caf::duration{std::chrono::ceil<std::chrono::milliseconds>(*due - now)}, id);
}

/// A request that was sent. Set its continuation with `.then(on_result, on_error)`; both run in the actor.
template <class Self, class Response>
class bounded_response {
public:
  bounded_response(Self* self, Response response) : self_(self), response_(std::move(response)) {}

  template <class OnResult, class OnError>
  void then(OnResult on_result, OnError on_error) && {
    response_.then(noting(std::move(on_result), &OnResult::operator()),
                   [self = self_, id = response_.id(), then = std::move(on_error)](const caf::error& problem) mutable {
                     self->state.deadlines.answered(id);
                     then(problem);
                   });
  }

private:
  template <class F, class Argument>
  auto noting(F then, void (F::*)(Argument) const) const {
    return note<F, Argument>(std::move(then));
  }

  template <class F, class Argument>
  auto noting(F then, void (F::*)(Argument)) const {
    return note<F, Argument>(std::move(then));
  }

  // CAF deduces the message type of a handler from its parameter, so the wrapper must have the same parameter type.
  template <class F, class Argument>
  auto note(F then) const {
    return [self = self_, id = response_.id(), then = std::move(then)](Argument result) mutable {
      self->state.deadlines.answered(id);
      then(std::forward<Argument>(result));
    };
  }

  Self* self_;
  Response response_;
};

/// Sends a request with normal priority. Without an answer it fails with `sec::request_timeout` at the time `until`, or
/// up to request_deadlines::resolution later.
/// @pre the state of `self` has a member `deadlines` (request_deadlines)
template <class Self, class Handle, class... Ts>
auto request_until(Self* self, const Handle& receiver, core::steady_time until, Ts&&... message) {
  auto response = self->request(receiver, caf::duration{caf::infinite}, std::forward<Ts>(message)...);
  self->state.deadlines.add(response.id(), until);
  watch_requests(self);
  return bounded_response<Self, decltype(response)>{self, std::move(response)};
}

/// The same with a duration from now.
template <class Self, class Handle, class Rep, class Period, class... Ts>
auto request_within(Self* self, const Handle& receiver, std::chrono::duration<Rep, Period> patience, Ts&&... message) {
  return request_until(self, receiver, self->clock().now() + patience, std::forward<Ts>(message)...);
}

} // namespace cm::actors
