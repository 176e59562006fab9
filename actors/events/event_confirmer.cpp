#include "actors/events/event_confirmer.hpp"

#include "actors/runtime/hardening.hpp"

#include <memory>

namespace cm::actors {

event_confirmer_actor::behavior_type
event_confirmer(event_confirmer_actor::stateful_pointer<event_confirmer_state> self,
                std::chrono::milliseconds patience) {
  harden(self);
  return {
    [patience](confirm_atom, const publication_ptr& published) {
      return confirmation_ptr{
        std::make_shared<const confirmation>(published->connection->confirm(published->since, patience))};
    },
  };
}

} // namespace cm::actors
