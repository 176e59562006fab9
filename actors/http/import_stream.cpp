#include "actors/http/import_stream.hpp"

#include "actors/http/api_requests.hpp"
#include "actors/interfaces/database.hpp"
#include "core/base/secret.hpp"
#include "http/rest/token_import.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <functional>
#include <string_view>
#include <sys/resource.h>
#include <unistd.h>
#include <utility>

namespace cm::actors {

namespace {

// Parsing a million lines takes seconds of CPU time, which requests need first. Best effort: without it, the kernel
// shares the processors evenly.
void lower_priority_of_thread() {
  constexpr int nice = 10;
  const auto thread = static_cast<id_t>(::gettid());
  static_cast<void>(::setpriority(PRIO_PROCESS, thread, nice)); // Linux: of this thread only
}

using import_stream_self = http_stream_actor::stateful_pointer<import_stream_state>;
using line = import_stream_state::line;
using batch = import_stream_state::batch;

// Lines that name the same token have the same key. A collision of different tokens is rare, and only delays a line.
std::size_t key_of(const core::import_line& read) {
  constexpr std::size_t factor = 31;
  if (!read.token)
    return 0; // CM generates the token
  const std::hash<std::string_view> hash;
  return std::max<std::size_t>(1, hash(read.application_name) * factor + hash(read.token->reveal()));
}

void take_line(import_stream_state& state, const http::numbered_line& read) {
  if (read.too_long) {
    state.lines.push_back({read.number, core::make_error(core::errc::invalid, "The line is longer than 64 KiB"), 0});
    return;
  }
  auto content = http::parse_import_line(read.text);
  const auto key = content.has_value() ? key_of(*content) : 0;
  state.lines.push_back({read.number, std::move(content), key});
}

void write_outcome(std::string& out, std::uint64_t number, const imported_line& outcome) {
  if (outcome.result.has_error()) {
    http::write_import_failed(out, number, outcome.result.error());
    return;
  }
  const auto& result = *outcome.result;
  if (result.verdict == storage::import_verdict::created)
    http::write_import_created(out, number, result.id, result.status,
                               outcome.generated ? &*outcome.generated : nullptr);
  else
    http::write_import_unchanged(out, number, result.id, result.status);
}

void write_results(std::string& out, const batch& done) {
  std::size_t imported = 0;
  for (const auto& item : done.lines) {
    if (item.content.has_error())
      http::write_import_failed(out, item.number, item.content.error());
    else if (done.outcome->has_error())
      http::write_import_failed(out, item.number, done.outcome->error());
    else
      write_outcome(out, item.number, (**done.outcome).at(imported++));
  }
}

// Takes the next lines, up to a line whose token is being stored already.
std::vector<line> next_lines(import_stream_state& state) {
  std::vector<line> next;
  auto& waiting = state.lines;
  while (!waiting.empty() && next.size() < state.settings.batch && state.keys.count(waiting.front().key) == 0) {
    next.push_back(std::move(waiting.front()));
    waiting.pop_front();
  }
  for (const auto& item : next) {
    if (item.key != 0)
      state.keys.insert(item.key);
  }
  return next;
}

void advance(import_stream_self self);

void store_batch(import_stream_self self, std::vector<line> lines) {
  auto& state = self->state;
  auto order = std::make_shared<import_order>();
  order->origin = state.origin;
  order->deadline = self->clock().now() + state.settings.deadline;
  const auto until = order->deadline + manager_grace;
  for (auto& item : lines) {
    if (item.content.has_value())
      order->lines.push_back(std::move(*item.content)); // the result line needs the number only
  }
  const auto begun = std::make_shared<batch>(batch{std::move(lines), std::nullopt});
  state.batches.push_back(begun);
  if (order->lines.empty()) {
    begun->outcome = std::vector<imported_line>{};
    return;
  }
  request_until(self, state.manager, until, import_v, import_order_ptr{std::move(order)})
    .then(
      [self, begun](const import_outcome_ptr& outcome) {
        begun->outcome = *outcome;
        advance(self);
      },
      [self, begun](const caf::error& problem) {
        begun->outcome = core::make_error(core::errc::unavailable, "Service Unavailable", describe_reason(problem));
        advance(self);
      });
}

// Writes the results of finished batches to the output, in the order of the lines.
void collect(import_stream_state& state) {
  while (!state.batches.empty() && state.batches.front()->outcome) {
    const auto& done = *state.batches.front();
    write_results(state.results, done);
    for (const auto& item : done.lines) {
      if (const auto key = state.keys.find(item.key); key != state.keys.end())
        state.keys.erase(key);
    }
    state.batches.pop_front();
  }
}

// Lines of a slow client are stored at once, one by one. While a batch is being stored, further lines wait until they
// fill the next one.
bool may_begin(const import_stream_state& state) {
  if (state.lines.empty() || state.batches.size() >= state.settings.in_flight
      || state.results.size() >= state.settings.results)
    return false;
  return state.batches.empty() || state.lines.size() >= state.settings.batch || state.all_read || state.cut;
}

void begin_batches(import_stream_self self) {
  while (may_begin(self->state)) {
    auto lines = next_lines(self->state);
    if (lines.empty())
      return;
    store_batch(self, std::move(lines));
    collect(self->state); // a batch of invalid lines only is finished already
  }
}

void advance(import_stream_self self) {
  auto& state = self->state;
  const auto me = caf::actor_cast<http_stream_actor>(self);
  collect(state);
  begin_batches(self);
  if (!state.writing && !state.results.empty()) {
    state.writing = true;
    state.exchange->write(std::exchange(state.results, {}), [me](bool ok) { caf::anon_send(me, written_v, ok); });
  }
  const bool ended = state.all_read || state.cut;
  if (!ended && !state.reading && state.lines.size() < state.settings.batch) {
    state.reading = true;
    state.exchange->read_body(state.settings.piece, [me](http::body_piece piece) {
      caf::anon_send(me, piece_v, std::make_shared<const http::body_piece>(std::move(piece)));
    });
  }
  if (ended && state.lines.empty() && state.batches.empty() && !state.writing) {
    if (state.all_read)
      state.exchange->end();
    self->quit();
  }
}

void take_piece(import_stream_self self, const http::body_piece& piece) {
  auto& state = self->state;
  state.reading = false;
  const auto handler = [&state](const http::numbered_line& read) { take_line(state, read); };
  if (piece.failed) {
    state.cut = true;
  } else {
    state.splitter.feed(piece.bytes, handler);
    if (piece.last) {
      state.splitter.finish(handler);
      state.all_read = true;
    }
  }
  advance(self);
}

} // namespace

import_stream_state::~import_stream_state() {
  core::wipe(results);
}

http_stream_actor::behavior_type import_stream(import_stream_self self, exchange_ptr exchange,
                                               credential_manager_actor manager, import_stream_settings settings) {
  harden(self);
  auto& state = self->state;
  state.settings = std::move(settings);
  lower_priority_of_thread();
  state.exchange = std::move(exchange);
  state.manager = std::move(manager);
  state.origin = origin_of_request(state.exchange->request());
  state.origin.how = core::channel::import;
  http::response head;
  head.content_type = http::to_string(http::media::ndjson);
  if (state.exchange->begin(std::move(head)))
    advance(self);
  else
    self->quit();
  return {
    [self](piece_atom, const body_piece_ptr& piece) { take_piece(self, *piece); },
    [self](written_atom, bool ok) {
      self->state.writing = false;
      if (ok)
        advance(self);
      else
        self->quit();
    },
    [](peer_atom, const storage_gate_peer&) {
      // An import uses the credential manager only.
    },
    [self](peer_atom, const credential_manager_peer& peer) { self->state.manager = peer.handle; },
  };
}

} // namespace cm::actors
