// The actor that replies to endpoint token validation requests. There are several; each has a shard of the tokens.
#pragma once

#include "actors/interfaces/database.hpp"
#include "actors/interfaces/deadline.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/validation.hpp"
#include "actors/nats/reply_writer.hpp"
#include "actors/nats/revocation_feed.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "actors/validation/lookup_coalescer.hpp"
#include "actors/validation/token_cache_metrics.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>

namespace cm::actors {

struct token_validator_settings {
  lookup_coalescer_settings coalescer;
  std::shared_ptr<const revocation_feed> feed;
  std::shared_ptr<validator_counters> counters;
  std::shared_ptr<reply_writer> writer;
  std::chrono::milliseconds bound = token_request_bound; ///< for a request that needs a look-up; it gets 503 then
  std::chrono::milliseconds tick{1000}; ///< how often expired entries are dropped while no requests arrive
};

struct token_validator_state {
  static inline const char* name = "token-validator";

  request_deadlines deadlines;
  std::optional<lookup_coalescer> coalescer;
  std::shared_ptr<const revocation_feed> feed;
  std::shared_ptr<validator_counters> counters;
  std::shared_ptr<reply_writer> writer;
  std::uint64_t evicted = 0; ///< evictions of the cache that the metrics include already
  std::chrono::milliseconds bound{};
  std::optional<core::steady_time> watch; ///< when the next watch message comes
  storage_gate_actor gate;
  nats_egress_actor egress;
};

token_validator_actor::behavior_type
token_validator(token_validator_actor::stateful_pointer<token_validator_state> self, token_validator_settings settings,
                storage_gate_actor gate, nats_egress_actor egress);

} // namespace cm::actors
