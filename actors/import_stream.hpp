// One import: reads lines, has them stored batch by batch, and writes a result a line.
#pragma once

#include "actors/actors.hpp"
#include "http/line_splitter.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cm::actors {

struct import_stream_settings {
  std::chrono::milliseconds patience{7000};   ///< for the manager's answer, which has a deadline of its own
  std::size_t piece = std::size_t{64} * 1024; ///< bytes that are read at once
};

struct import_stream_state {
  static inline const char* name = "import-stream";

  /// A line, or why it is none.
  struct line {
    std::uint64_t number = 0;
    core::expected<http::import_line> content;
  };

  import_stream_settings settings;
  exchange_ptr one;
  credential_manager_actor manager;
  http::line_splitter splitter;
  std::deque<line> lines; ///< read, not yet worked on: of one piece at most
  core::change_origin origin;
  bool all_read = false;
};

/// Never more than one piece of the body and the results of one batch are in memory: the next piece is asked for when
/// the lines of the one before are done and their results written. A line counts when its result was written; what was
/// read of a body that breaks off in the middle of a line is not applied.
http_stream_actor::behavior_type import_stream(http_stream_actor::stateful_pointer<import_stream_state> self,
                                               exchange_ptr one, credential_manager_actor manager,
                                               import_stream_settings settings);

} // namespace cm::actors
