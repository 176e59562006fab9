#include "actors/http/token_reader.hpp"

#include "actors/database/storage_request.hpp"
#include "actors/http/api_requests.hpp"
#include "actors/runtime/hardening.hpp"
#include "http/rest/endpoint_tokens.hpp"

#include <type_traits>
#include <utility>

namespace cm::actors {

namespace {

using token_reader_self = token_reader_actor::stateful_pointer<token_reader_state>;
using item_question = token_reader_state::item_question;
using list_question = token_reader_state::list_question;

core::error unavailable_error(std::string detail) {
  return core::make_error(core::errc::unavailable, "Service Unavailable", std::move(detail));
}

// What differs between the two kinds: the queue, the command of a batch, its reply, and the response to one question.

read_batches<item_question>& queue_of(token_reader_state& state, const item_question* /*kind*/) {
  return state.items;
}

read_batches<list_question>& queue_of(token_reader_state& state, const list_question* /*kind*/) {
  return state.lists;
}

storage::command command_of(const std::vector<item_question>& batch) {
  storage::get_tokens command;
  command.which.reserve(batch.size());
  for (const auto& one : batch)
    command.which.push_back(one.what);
  return command;
}

storage::command command_of(const std::vector<list_question>& batch) {
  storage::list_many command;
  command.lists.reserve(batch.size());
  for (const auto& one : batch)
    command.lists.push_back(one.what);
  return command;
}

void answer(const std::vector<item_question>& batch, const storage::reply& reply) {
  const auto* found = std::get_if<storage::got_tokens>(&reply);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& one = batch[i].one;
    if (found == nullptr || found->tokens.size() != batch.size())
      answer_error(one, other_reply());
    else if (!found->tokens[i])
      answer_error(one, core::make_error(core::errc::not_found, "No such token"));
    else
      one->respond(http::render_token(one->request(), *found->tokens[i]));
  }
}

void answer(const std::vector<list_question>& batch, const storage::reply& reply) {
  const auto* found = std::get_if<storage::token_pages>(&reply);
  for (std::size_t i = 0; i < batch.size(); ++i) {
    const auto& one = batch[i].one;
    if (found == nullptr || found->pages.size() != batch.size())
      answer_error(one, other_reply());
    else
      one->respond(
        http::render_page(one->request(), found->pages[i].items, found->pages[i].total, found->pages[i].digest));
  }
}

template <class Question>
void answer_all(const std::vector<Question>& batch, const core::error& problem) {
  for (const auto& question : batch)
    answer_error(question.one, problem);
}

template <class Question>
void pump(token_reader_self self);

template <class Question>
void ask(token_reader_self self, std::vector<Question> questions) {
  const auto batch = std::make_shared<const std::vector<Question>>(std::move(questions));
  const auto go_on = [self] {
    queue_of(self->state, static_cast<const Question*>(nullptr)).done();
    pump<Question>(self);
  };
  // The first has the least time left.
  request_storage(self, self->state.gate, command_of(*batch), batch->front().deadline)
    .then(
      [batch, go_on](const storage_result_ptr& result) {
        go_on(); // first: the database works while these are answered
        if (result->has_error())
          answer_all(*batch, result->error());
        else
          answer(*batch, **result);
      },
      [batch, go_on](const caf::error& problem) {
        go_on();
        answer_all(*batch, unavailable_error("no answer from the storage gate: " + describe_reason(problem)));
      });
}

// While a batch is on its way, which takes until its deadline at most, the next one grows.
template <class Question>
void pump(token_reader_self self) {
  auto& queue = queue_of(self->state, static_cast<const Question*>(nullptr));
  answer_all(queue.take_expired(self->clock().now()), unavailable_error("the database was busy with others"));
  for (auto batch = queue.next(); !batch.empty(); batch = queue.next())
    ask(self, std::move(batch));
}

template <class Question>
void take(token_reader_self self, Question question) {
  const auto one = question.one;
  if (queue_of(self->state, static_cast<const Question*>(nullptr)).add(std::move(question)))
    pump<Question>(self);
  else
    answer_error(one, core::make_error(core::errc::overloaded, "Service Unavailable", "the queue of reads is full"));
}

} // namespace

token_reader_actor::behavior_type token_reader(token_reader_self self, token_reader_settings settings,
                                               storage_gate_actor gate) {
  harden(self);
  auto& state = self->state;
  state.items = read_batches<item_question>{settings.items};
  state.lists = read_batches<list_question>{settings.lists};
  state.gate = std::move(gate);
  return {
    [self](read_atom, const exchange_ptr& one, const token_read_ptr& read) {
      std::visit(
        [&](const auto& what) {
          take(self, token_reader_state::question<std::decay_t<decltype(what)>>{one, what, read->deadline});
        },
        read->what);
    },
    [self](peer_atom, const storage_gate_peer& peer) { self->state.gate = peer.handle; },
  };
}

} // namespace cm::actors
