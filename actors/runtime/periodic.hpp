// Work that an actor repeats.
#pragma once

#include <chrono>
#include <utility>

namespace cm::actors {

enum class first_run {
  at_once, ///< as soon as the actor handles messages
  after_a_period
};

/// Makes the actor run `work` repeatedly: the period counts from the end of one run to the next. For a behaviour:
/// @code
///   return {..., every(self, period, first_run::at_once, tick_v, [self] { report(self); })};
/// @endcode
/// @param atom of the message that the actor sends itself; its interface needs `reacts_to<Atom>`
/// @return the handler of that message
template <class Self, class Atom, class Work>
auto every(Self* self, std::chrono::milliseconds period, first_run first, Atom atom, Work work) {
  if (first == first_run::at_once)
    self->send(self, atom);
  else
    self->delayed_send(self, period, atom);
  return [self, period, atom, work = std::move(work)](Atom) {
    work();
    self->delayed_send(self, period, atom);
  };
}

} // namespace cm::actors
