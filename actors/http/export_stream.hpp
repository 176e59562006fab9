// One export: reads tokens page by page and writes a line each.
#pragma once

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
  std::string application; ///< empty: all
  std::uint32_t page = 500;
  std::chrono::milliseconds deadline{5000}; ///< for one page
};

struct export_stream_state {
  static inline const char* name = "export-stream";

  export_stream_settings settings;
  request_deadlines deadlines;
  exchange_ptr one;
  storage_gate_actor gate;
  core::uuid after;
  bool begun = false;
  bool all_read = false;
};

/// Never more than one page is in memory: the next is read when the one before is written. A database that fails before
/// the first line is an ordinary error; after it, the answer is cut short, which the client sees.
http_stream_actor::behavior_type export_stream(http_stream_actor::stateful_pointer<export_stream_state> self,
                                               exchange_ptr one, storage_gate_actor gate,
                                               export_stream_settings settings);

} // namespace cm::actors
