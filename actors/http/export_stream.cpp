#include "actors/http/export_stream.hpp"

#include "actors/http/api_requests.hpp"
#include "actors/interfaces/changes.hpp"
#include "core/observability/logging.hpp"
#include "http/rest/negotiation.hpp"
#include "http/rest/token_export.hpp"

#include <caf/send.hpp>

#include <utility>

namespace cm::actors {

namespace {

using export_stream_self = http_stream_actor::stateful_pointer<export_stream_state>;

void fail(export_stream_self self, const core::error& problem) {
  auto& state = self->state;
  if (!state.begun)
    answer_error(state.exchange, problem);
  else
    core::logger("cm.http")->warn("an export is truncated: {} {}", problem.message, problem.detail);
  self->quit(); // drops the exchange, which truncates a response that has begun
}

void write_page(export_stream_self self, const storage::exported_tokens& page) {
  auto& state = self->state;
  if (!std::exchange(state.begun, true)) {
    http::response head;
    head.content_type = http::to_string(http::media::ndjson);
    if (!state.exchange->begin(std::move(head))) {
      self->quit();
      return;
    }
  }
  state.all_read = page.items.size() < state.settings.page;
  std::string out;
  for (const auto& token : page.items) {
    // No import would accept it. The log names the row.
    if (token.status != core::credential_status::unknown)
      http::write_export_line(out, token);
  }
  if (!page.items.empty())
    state.after = page.items.back().id;
  const auto me = caf::actor_cast<http_stream_actor>(self);
  state.exchange->write(std::move(out), [me](bool ok) { caf::anon_send(me, written_v, ok); });
}

void read_page(export_stream_self self) {
  auto& state = self->state;
  storage::export_tokens command{state.settings.application, state.after, state.settings.page};
  request_storage<storage::exported_tokens>(self, state.gate, std::move(command), state.settings.deadline,
                                            [self](const storage_reply<storage::exported_tokens>& page) {
                                              if (page)
                                                write_page(self, *page);
                                              else
                                                fail(self, page.error());
                                            });
}

} // namespace

http_stream_actor::behavior_type export_stream(export_stream_self self, exchange_ptr exchange, storage_gate_actor gate,
                                               export_stream_settings settings) {
  harden(self);
  auto& state = self->state;
  state.settings = std::move(settings);
  state.exchange = std::move(exchange);
  state.gate = std::move(gate);
  read_page(self);
  return {
    [](piece_atom, const body_piece_ptr&) {
      // An export reads no request body.
    },
    [self](written_atom, bool ok) {
      auto& s = self->state;
      if (ok && !s.all_read) {
        read_page(self);
        return;
      }
      if (ok)
        s.exchange->end();
      self->quit();
    },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
    [](peer_atom, const credential_manager_peer&) {
      // An export does not use the credential manager.
    },
  };
}

} // namespace cm::actors
