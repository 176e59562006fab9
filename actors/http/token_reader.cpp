#include "actors/http/token_reader.hpp"

#include "actors/database/storage_request.hpp"
#include "actors/http/api_requests.hpp"
#include "actors/runtime/hardening.hpp"
#include "http/rest/endpoint_tokens.hpp"

#include <algorithm>
#include <type_traits>
#include <utility>

namespace cm::actors {

namespace {

using token_reader_self = token_reader_actor::stateful_pointer<token_reader_state>;
using item_read = token_reader_state::item_read;
using list_read = token_reader_state::list_read;

core::error unavailable_error(std::string detail) {
  return core::make_error(core::errc::unavailable, "Service Unavailable", std::move(detail));
}

// The differences between reads of single tokens and of lists: queue, command of a batch, its reply, and the responses.

template <class Read>
using reply_to = std::conditional_t<std::is_same_v<Read, item_read>, storage::got_tokens, storage::token_pages>;

read_batches<item_read>& queue_of(token_reader_state& state, const item_read* /*kind*/) {
  return state.items;
}

read_batches<list_read>& queue_of(token_reader_state& state, const list_read* /*kind*/) {
  return state.lists;
}

storage::command command_of(const std::vector<item_read>& batch) {
  storage::get_tokens command;
  command.which.reserve(batch.size());
  for (const auto& read : batch)
    command.which.push_back(read.what);
  return command;
}

storage::command command_of(const std::vector<list_read>& batch) {
  storage::list_many command;
  command.lists.reserve(batch.size());
  for (const auto& read : batch)
    command.lists.push_back(read.what);
  return command;
}

void answer(const std::vector<item_read>& batch, const storage::got_tokens& found) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& exchange = batch[i].exchange;
    if (found.tokens.size() != batch.size())
      answer_error(exchange, other_reply());
    else if (!found.tokens[i])
      answer_error(exchange, core::make_error(core::errc::not_found, "No such token"));
    else if (found.tokens[i]->status == core::credential_status::unknown)
      answer_error(exchange, core::unknown_status_error());
    else
      exchange->respond(http::render_token(exchange->request(), *found.tokens[i]));
  }
}

void answer(const std::vector<list_read>& batch, const storage::token_pages& found) {
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& exchange = batch[i].exchange;
    if (found.pages.size() != batch.size())
      answer_error(exchange, other_reply());
    else
      exchange->respond(
        http::render_page(exchange->request(), found.pages[i].items, found.pages[i].total, found.pages[i].digest));
  }
}

template <class Read>
void answer_all(const std::vector<Read>& batch, const core::error& problem) {
  for (const auto& read : batch)
    answer_error(read.exchange, problem);
}

template <class Read>
void pump(token_reader_self self);

template <class Read>
void ask(token_reader_self self, std::vector<Read> reads) {
  const auto batch = std::make_shared<const std::vector<Read>>(std::move(reads));
  const auto finish_batch = [self] {
    queue_of(self->state, static_cast<const Read*>(nullptr)).done();
    pump<Read>(self);
  };
  const auto earliest = std::min_element(batch->begin(), batch->end(),
                                         [](const Read& a, const Read& b) { return a.deadline < b.deadline; });
  request_storage<reply_to<Read>>(self, self->state.gate, command_of(*batch), earliest->deadline,
                                  [batch, finish_batch](const storage_reply<reply_to<Read>>& reply) {
                                    finish_batch(); // first, so that the database works on the next batch meanwhile
                                    if (reply)
                                      answer(*batch, *reply);
                                    else
                                      answer_all(*batch, reply.error());
                                  });
}

// Answers expired requests, and sends batches up to the limit of concurrent ones. While these are in flight, at most
// until their deadlines, waiting requests form the next batch.
template <class Read>
void pump(token_reader_self self) {
  auto& queue = queue_of(self->state, static_cast<const Read*>(nullptr));
  answer_all(queue.take_expired(self->clock().now()), unavailable_error("the database was busy with other requests"));
  for (auto batch = queue.next(); !batch.empty(); batch = queue.next())
    ask(self, std::move(batch));
}

template <class Read>
void take(token_reader_self self, Read read) {
  const auto exchange = read.exchange;
  if (queue_of(self->state, static_cast<const Read*>(nullptr)).add(std::move(read)))
    pump<Read>(self);
  else
    answer_error(exchange,
                 core::make_error(core::errc::overloaded, "Service Unavailable", "the queue of reads is full"));
}

} // namespace

token_reader_actor::behavior_type token_reader(token_reader_self self, token_reader_settings settings,
                                               storage_gate_actor gate) {
  harden(self);
  auto& state = self->state;
  state.items = read_batches<item_read>{settings.items};
  state.lists = read_batches<list_read>{settings.lists};
  state.gate = std::move(gate);
  return {
    [self](read_atom, const exchange_ptr& exchange, const token_read_ptr& read) {
      std::visit(
        [&](const auto& what) {
          take(self, token_reader_state::waiting_read<std::decay_t<decltype(what)>>{exchange, what, read->deadline});
        },
        read->what);
    },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
  };
}

} // namespace cm::actors
