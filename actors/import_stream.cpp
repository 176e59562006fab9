#include "actors/import_stream.hpp"

#include "actors/api_requests.hpp"
#include "core/secret.hpp"

#include <caf/send.hpp>

#include <utility>

namespace cm::actors {

namespace {

using import_stream_self = http_stream_actor::stateful_pointer<import_stream_state>;
using line = import_stream_state::line;

void take_line(import_stream_state& state, const http::numbered_line& read) {
  if (read.too_long)
    state.lines.push_back({read.number, core::make_error(core::errc::invalid, "The line is longer than 64 KiB")});
  else
    state.lines.push_back({read.number, http::parse_import_line(read.text)});
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

// Writes the results of a batch; the answer of the socket comes as a message.
void write_results(import_stream_self self, const std::vector<line>& batch, const import_outcome& outcome) {
  std::string out;
  std::size_t imported = 0;
  for (const auto& one : batch) {
    if (one.content.has_error())
      http::write_import_failed(out, one.number, one.content.error());
    else if (outcome.has_error())
      http::write_import_failed(out, one.number, outcome.error());
    else
      write_outcome(out, one.number, outcome->at(imported++));
  }
  const auto me = caf::actor_cast<http_stream_actor>(self);
  self->state.one->write(std::move(out), [me](bool ok) { caf::anon_send(me, written_v, ok); });
}

void work_on(import_stream_self self, std::vector<line> batch) {
  auto order = std::make_shared<import_order>();
  order->origin = self->state.origin;
  for (const auto& one : batch) {
    if (one.content.has_value())
      order->lines.push_back(*one.content);
  }
  if (order->lines.empty()) {
    write_results(self, batch, std::vector<imported_line>{});
    return;
  }
  const auto shared = std::make_shared<const std::vector<line>>(std::move(batch));
  self->request(self->state.manager, self->state.settings.patience, import_v, import_order_ptr{std::move(order)})
    .then([self, shared](const import_outcome_ptr& outcome) { write_results(self, *shared, *outcome); },
          [self, shared](const caf::error& problem) {
            write_results(self, *shared,
                          core::make_error(core::errc::unavailable, "Service Unavailable", describe_reason(problem)));
          });
}

void go_on(import_stream_self self) {
  auto& state = self->state;
  if (!state.lines.empty()) {
    std::vector<line> batch;
    while (!state.lines.empty() && batch.size() < storage::max_import) {
      batch.push_back(std::move(state.lines.front()));
      state.lines.pop_front();
    }
    work_on(self, std::move(batch));
    return;
  }
  if (state.all_read) {
    state.one->end();
    self->quit();
    return;
  }
  const auto me = caf::actor_cast<http_stream_actor>(self);
  state.one->read_body(state.settings.piece, [me](http::body_piece piece) {
    caf::anon_send(me, piece_v, std::make_shared<const http::body_piece>(std::move(piece)));
  });
}

void take_piece(import_stream_self self, const http::body_piece& piece) {
  auto& state = self->state;
  if (piece.failed) {
    self->quit();
    return;
  }
  const auto handler = [&state](const http::numbered_line& read) { take_line(state, read); };
  state.splitter.feed(piece.bytes, handler);
  if (piece.last) {
    state.splitter.finish(handler);
    state.all_read = true;
  }
  go_on(self);
}

} // namespace

http_stream_actor::behavior_type import_stream(import_stream_self self, exchange_ptr one,
                                               credential_manager_actor manager, import_stream_settings settings) {
  harden(self);
  auto& state = self->state;
  state.settings = settings;
  state.one = std::move(one);
  state.manager = std::move(manager);
  state.origin = origin_of_request(state.one->request());
  state.origin.how = core::channel::import;
  http::response head;
  head.content_type = http::to_string(http::media::ndjson);
  if (state.one->begin(std::move(head)))
    go_on(self);
  else
    self->quit();
  return {
    [self](piece_atom, const body_piece_ptr& piece) { take_piece(self, *piece); },
    [self](written_atom, bool ok) {
      if (ok)
        go_on(self);
      else
        self->quit();
    },
    [](peer_atom, const storage_gate_peer&) {
      // An import asks the manager only.
    },
    [self](peer_atom, const credential_manager_peer& peer) { self->state.manager = peer.handle; },
  };
}

} // namespace cm::actors
