// One export of tokens: reads pages from storage and writes a JSON line for each token.
#pragma once

#include "actors/http/stream_slots.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/runtime/bounded_request.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <string>

namespace cm::actors {

struct export_stream_settings {
  std::string application;                  ///< empty: all applications
  std::uint32_t page = 500;                 ///< tokens per page
  std::chrono::milliseconds deadline{5000}; ///< for reading one page
  stream_slot slot;
};

struct export_stream_state {
  static inline const char* name = "export-stream";

  export_stream_settings settings;
  request_deadlines deadlines;
  exchange_ptr exchange;
  storage_gate_actor gate;
  core::uuid after;      ///< last token ID that was read
  bool begun = false;    ///< the response head has been sent
  bool all_read = false; ///< the last page has been read
};

/// Keeps at most one page in memory: it reads the next page when the previous one has been written. If the database
/// fails before the first line, the response is an ordinary error; afterwards the response is truncated, which the
/// client can detect.
http_stream_actor::behavior_type export_stream(http_stream_actor::stateful_pointer<export_stream_state> self,
                                               exchange_ptr exchange, storage_gate_actor gate,
                                               export_stream_settings settings);

} // namespace cm::actors
