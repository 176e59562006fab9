// The actor that publishes replies: several batches, then one flush.
#pragma once

#include "actors/interfaces/nats.hpp"
#include "actors/nats/reply_writer.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <memory>
#include <vector>

namespace cm::actors {

struct nats_egress_state {
  static inline const char* name = "nats-egress";
  std::vector<reply_batch_ptr> unflushed; ///< published and not flushed; all on one connection
  std::shared_ptr<reply_writer> writer;
};

/// To be spawned detached: a flush blocks while it waits for the server (messaging::connection::flush_buffer).
nats_egress_actor::behavior_type nats_egress(nats_egress_actor::stateful_pointer<nats_egress_state> self,
                                             std::shared_ptr<reply_writer> writer);

} // namespace cm::actors
