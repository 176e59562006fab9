// One import of tokens: reads lines, has the credential manager store them in batches, and writes a result for each
// line.
#pragma once

#include "actors/http/stream_slots.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/deadline.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/credentials/change_origin.hpp"
#include "core/credentials/token_requests.hpp"
#include "http/server/line_splitter.hpp"
#include "storage/session/commands.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_set>
#include <vector>

namespace cm::actors {

struct import_stream_settings {
  std::chrono::milliseconds deadline = other_request_bound; ///< for storing one batch
  std::size_t piece = std::size_t{64} * 1024;               ///< bytes per read of the request body
  std::size_t batch = storage::max_import;                  ///< lines per batch
  std::size_t in_flight = 2; ///< concurrent batches; small, because other commands need database workers too
  std::size_t results = std::size_t{64} * 1024; ///< unsent bytes of results beyond which no batch begins
  stream_slot slot;
};

struct import_stream_state {
  static inline const char* name = "import-stream";

  /// A line: its content, or why it is invalid.
  struct line {
    std::uint64_t number = 0;
    core::expected<core::import_line> content;
    std::size_t key = 0; ///< equal for lines that name the same token; 0: CM generates the token
  };

  /// Lines that are stored together, and their results once they are stored.
  struct batch {
    std::vector<line> lines;
    std::optional<import_outcome> outcome;
  };

  import_stream_settings settings;
  request_deadlines deadlines;
  exchange_ptr exchange;
  credential_manager_actor manager;
  http::line_splitter splitter;
  std::deque<line> lines;                     ///< read, not yet in a batch; at most those of a batch and a piece
  std::deque<std::shared_ptr<batch>> batches; ///< being stored, in the order of their lines
  std::unordered_multiset<std::size_t> keys;  ///< of the lines in `batches`
  std::string results;                        ///< not yet passed to the connection
  core::change_origin origin;
  bool reading = false;  ///< a read of the body is pending
  bool writing = false;  ///< a write of results is pending
  bool all_read = false; ///< the body has been read completely
  bool cut = false;      ///< the body ended early

  import_stream_state() = default;
  import_stream_state(const import_stream_state&) = delete;
  import_stream_state(import_stream_state&&) = delete;
  import_stream_state& operator=(const import_stream_state&) = delete;
  import_stream_state& operator=(import_stream_state&&) = delete;
  ~import_stream_state(); ///< wipes the results, which may show tokens
};

/// To be spawned detached: its thread gets a lower priority, and between two pieces of the body it yields to its
/// mailbox. Reads, stores and writes results concurrently, each in bounded memory: it reads a piece of the body when
/// less than a batch of lines is waiting, has at most `in_flight` batches stored, and begins none while the client does
/// not read its results. Results are in the order of the lines. A line whose token is being stored waits for that
/// batch, so that the result is the same as if the lines were stored one after the other. A client can rely on a line
/// only after it has received its result. If the body ends early, complete lines are applied, and an incomplete last
/// line is not.
http_stream_actor::behavior_type import_stream(http_stream_actor::stateful_pointer<import_stream_state> self,
                                               exchange_ptr exchange, credential_manager_actor manager,
                                               import_stream_settings settings);

} // namespace cm::actors
