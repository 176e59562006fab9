// One import: reads lines, has them stored batch by batch, and writes a result a line.
#pragma once

#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "http/server/line_splitter.hpp"
#include "storage/session/commands.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <semaphore>
#include <string>
#include <unordered_set>
#include <vector>

namespace cm::actors {

/// So many imports at a time have a thread of their own; all others share those of the scheduler.
using import_threads = std::counting_semaphore<64>;

/// Gives the place back when the last copy goes.
using import_thread = std::shared_ptr<void>;

/// Does not wait. @return nothing where all are taken
[[nodiscard]] import_thread take_import_thread(const std::shared_ptr<import_threads>& from);

struct import_stream_settings {
  std::chrono::milliseconds patience{7000};   ///< for the manager's answer, which has a deadline of its own
  std::size_t piece = std::size_t{64} * 1024; ///< bytes that are read at once
  std::size_t batch = storage::max_import;    ///< lines that are stored together
  std::size_t in_flight = 2; ///< batches that are stored at the same time: other commands need workers too
  std::size_t results = std::size_t{64} * 1024; ///< bytes that wait for the client before no batch begins any more
  import_thread thread;                         ///< that of a detached one
};

struct import_stream_state {
  static inline const char* name = "import-stream";

  /// A line, or why it is none.
  struct line {
    std::uint64_t number = 0;
    core::expected<http::import_line> content;
    std::size_t key = 0; ///< the same for lines that name the same token; 0: names none
  };

  /// Lines that are being stored.
  struct batch {
    std::vector<line> lines;
    std::optional<import_outcome> outcome;
  };

  import_stream_settings settings;
  request_deadlines deadlines;
  exchange_ptr one;
  credential_manager_actor manager;
  http::line_splitter splitter;
  std::deque<line> lines;                     ///< read, not yet worked on: of a batch and a piece at most
  std::deque<std::shared_ptr<batch>> batches; ///< on their way, in the order of their lines
  std::unordered_multiset<std::size_t> keys;  ///< of the lines in them
  std::string results;                        ///< not yet given to the connection
  core::change_origin origin;
  bool reading = false;  ///< a piece was asked for
  bool writing = false;  ///< results are on their way to the client
  bool all_read = false; ///< the body came to its end,
  bool cut = false;      ///< or broke off

  import_stream_state() = default;
  import_stream_state(const import_stream_state&) = delete;
  import_stream_state(import_stream_state&&) = delete;
  import_stream_state& operator=(const import_stream_state&) = delete;
  import_stream_state& operator=(import_stream_state&&) = delete;
  ~import_stream_state(); ///< wipes the results, which may show tokens
};

/// Reading, storing and answering go on at the same time, each in bounded memory: a piece is asked for when less than a
/// batch of lines waits, batches go to the manager some at a time, and none begins while the client leaves its results
/// unread. Results are in the order of the lines, and a line that names a token which is being stored waits for that
/// one, so that the outcome is as if one line were done after the other. A line counts when its result was written;
/// what was read of a body that breaks off in the middle of a line is not applied.
http_stream_actor::behavior_type import_stream(http_stream_actor::stateful_pointer<import_stream_state> self,
                                               exchange_ptr one, credential_manager_actor manager,
                                               import_stream_settings settings);

} // namespace cm::actors
