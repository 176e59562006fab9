// Answers REST requests that read tokens. Requests that arrive while the database is busy are read in one batch.
#pragma once

#include "actors/database/read_batches.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/runtime/bounded_request.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <vector>

namespace cm::actors {

struct token_reader_settings {
  read_limits items{storage::max_batch, 2, 1024}; ///< GET of a single token
  read_limits lists{storage::max_lists, 2, 1024}; ///< GET of an endpoint's tokens
};

struct token_reader_state {
  static inline const char* name = "token-reader";

  /// One request and the token or list that it reads.
  template <class What>
  struct waiting_read {
    exchange_ptr exchange;
    What what;
    core::steady_time deadline;
  };

  using item_read = waiting_read<storage::token_address>;
  using list_read = waiting_read<storage::list_tokens>;

  request_deadlines deadlines;
  read_batches<item_read> items{{}};
  read_batches<list_read> lists{{}};
  storage_gate_actor gate;
};

/// Every request gets its response by its deadline; 503 at once if the limit of waiting requests is reached. If the
/// actor fails, the destructors of the exchanges respond 503. Event-based.
token_reader_actor::behavior_type token_reader(token_reader_actor::stateful_pointer<token_reader_state> self,
                                               token_reader_settings settings, storage_gate_actor gate);

} // namespace cm::actors
