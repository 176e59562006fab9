// Requests that end by a time, without a timer for each of them.
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

/// The requests of one actor that are not answered yet, and until when each may be; a member `deadlines` of its state.
///
/// CAF 0.17 keeps the timer of a request though the answer came: it wakes the clock's thread when it is set, and the
/// clock and the actor when it has run out, three wake-ups for a request that is long over. Here an actor has one timer
/// for all of its requests, set for the earliest of them. Not thread-safe: only the actor itself touches it.
class request_deadlines {
public:
  /// Timers are at least so far apart; a request may be given up so much later than it says.
  static constexpr std::chrono::milliseconds resolution{100};

  /// A request was sent; IDs rise.
  void add(caf::message_id id, core::steady_time until) { waiting_.push_back({id, until}); }

  /// It was answered or given up.
  void answered(caf::message_id id) noexcept;

  /// Takes out those whose time is over.
  [[nodiscard]] std::vector<caf::message_id> take_expired(core::steady_time now);

  /// When a timer is to be set for what waits, from now on taken as set; nothing where none is needed.
  [[nodiscard]] std::optional<core::steady_time> next_timer(core::steady_time now);

  /// The timer for that time has run out.
  void timer_over(core::steady_time at) noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return waiting_.size(); }

private:
  struct entry {
    caf::message_id id;
    core::steady_time until;
  };

  std::vector<entry> waiting_; ///< by rising ID; few at a time
  std::optional<core::steady_time> timer_;
};

/// Sets the timer that is needed. A request that is over its time is answered with `sec::request_timeout`, as CAF does.
template <class Self>
void watch_requests(Self* self) {
  const auto now = self->clock().now();
  const auto at = self->state.deadlines.next_timer(now);
  if (!at)
    return;
  const auto id = self->new_request_id(caf::message_priority::normal);
  self->add_multiplexed_response_handler(id.response_id(), caf::behavior{[self, at = *at](const caf::error&) {
                                           auto& deadlines = self->state.deadlines;
                                           deadlines.timer_over(at);
                                           for (const auto over : deadlines.take_expired(self->clock().now()))
                                             self->eq_impl(over, nullptr, self->context(),
                                                           caf::make_error(caf::sec::request_timeout));
                                           watch_requests(self);
                                         }});
  self->request_response_timeout(caf::duration{std::chrono::ceil<std::chrono::milliseconds>(*at - now)}, id);
}

/// A request under way, to be gone on with by `.then(on_result, on_error)`.
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

  // CAF finds out from the handler's parameter what it is for, so that the one around it has to have the same.
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

/// Sends a request that is answered with an error at that time, or up to request_deadlines::resolution later; of an
/// actor with a member `deadlines` in its state, and without a high priority.
template <class Self, class Handle, class... Ts>
auto request_until(Self* self, const Handle& receiver, core::steady_time until, Ts&&... what) {
  auto response = self->request(receiver, caf::duration{caf::infinite}, std::forward<Ts>(what)...);
  self->state.deadlines.add(response.id(), until);
  watch_requests(self);
  return bounded_response<Self, decltype(response)>{self, std::move(response)};
}

/// The same with the time that it may take.
template <class Self, class Handle, class Rep, class Period, class... Ts>
auto request_within(Self* self, const Handle& receiver, std::chrono::duration<Rep, Period> patience, Ts&&... what) {
  return request_until(self, receiver, self->clock().now() + patience, std::forward<Ts>(what)...);
}

} // namespace cm::actors
