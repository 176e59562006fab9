// What the handlers of REST requests have in common: ask, then answer; and the handlers themselves, by resource.
#pragma once

#include "actors/database/storage_request.hpp"
#include "actors/http/http_session.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/runtime/hardening.hpp"
#include "http/rest/negotiation.hpp"
#include "http/server/problem.hpp"

#include <functional>
#include <string>
#include <utility>
#include <variant>

namespace cm::actors {

/// One request that was routed.
struct api_request {
  http_session_pointer self;
  exchange_ptr one;
  http::path_parameters path; ///< views into the request
  std::chrono::milliseconds deadline;
  const api_context* context; ///< while it is handled
};

/// Answers with the error; what the client is not told goes to the log.
void answer_error(const exchange_ptr& one, const core::error& problem);

/// Answers 503 for a peer that died or did not answer in time.
void answer_lost(const exchange_ptr& one, const char* who, const caf::error& problem);

/// Who asked, for the audit trail and the events.
[[nodiscard]] core::change_origin origin_of_request(const http::request& request);

/// The error for a reply that is not of the kind that was asked for.
[[nodiscard]] core::error other_reply();

/// Hands the reply of the expected kind to `then`, and answers everything else.
template <class Reply, class Then>
void answer_from(const exchange_ptr& one, const storage_result& result, const Then& then) {
  if (result.has_error()) {
    answer_error(one, result.error());
    return;
  }
  if (const auto* reply = std::get_if<Reply>(&*result))
    one->respond(then(*reply));
  else
    answer_error(one, other_reply());
}

/// Asks the database; `then` makes the response of a Reply.
template <class Reply, class Then>
void ask_storage(const api_request& request, storage::command command, Then then) {
  const auto self = request.self;
  request_storage<Reply>(self, self->state.collaborators.gate, std::move(command), request.deadline,
                         [one = request.one, then = std::move(then)](const storage_reply<Reply>& reply) {
                           if (reply)
                             one->respond(then(*reply));
                           else
                             answer_error(one, reply.error());
                         });
}

/// Asks the manager for a change; `then` makes the response of a Reply.
template <class Reply, class Then>
void ask_change(const api_request& request, storage::command command, Then then) {
  const auto self = request.self;
  auto change = std::make_shared<const credential_change>(credential_change{std::move(command), core::channel::rest});
  request_within(self, self->state.collaborators.manager, request.deadline + std::chrono::seconds{1}, apply_v,
                 credential_change_ptr{std::move(change)})
    .then([one = request.one,
           then = std::move(then)](const storage_result_ptr& result) { answer_from<Reply>(one, *result, then); },
          [one = request.one](const caf::error& problem) { answer_lost(one, "credential manager", problem); });
}

/// Whether a POST to a list may go on: its If-Match, where there is one, is held against the tag of the list (of client
/// credentials: of its default page), right before, not together with, the insertion (a credential more takes nothing
/// from anybody). `look` asks for that page of kind Page, `tag_of` says its tag; what does not go on is answered here.
template <class Page, class Tag>
void with_list_condition(const api_request& request, storage::command look, Tag tag_of, std::function<void()> go_on) {
  const auto condition = http::if_match_condition(request.one->request());
  if (!condition) {
    go_on();
    return;
  }
  const auto self = request.self;
  request_storage<Page>(
    self, self->state.collaborators.gate, std::move(look), request.deadline,
    [one = request.one, wanted = *condition, tag_of, go_on = std::move(go_on)](const storage_reply<Page>& page) {
      if (!page)
        answer_error(one, page.error());
      else if (!http::if_match(wanted, tag_of(*page)))
        answer_error(one, core::make_error(core::errc::precondition_failed, "The list has changed"));
      else
        go_on();
    });
}

/// Has a password hashed; `then` goes on with the hash.
void ask_hash(const api_request& request, const core::secret& password, std::function<void(core::secret phc)> then);

// Each answers its request, now or later.

void list_tokens(const api_request& request);
void create_token(const api_request& request);
void delete_all_tokens(const api_request& request);
void get_token(const api_request& request);
void delete_token(const api_request& request);
void set_token_status(const api_request& request);
void show_token_history(const api_request& request);

void list_clients(const api_request& request, core::client_kind kind);
void create_basic(const api_request& request);
void create_x509(const api_request& request);
void get_client(const api_request& request, core::client_kind kind);
void delete_client(const api_request& request, core::client_kind kind);
void set_client_status(const api_request& request, core::client_kind kind);
void set_password(const api_request& request);

void list_revocations(const api_request& request);

/// These two are answered by an actor of their own, in pieces.
void import_tokens(const api_request& request);
void export_tokens(const api_request& request);

} // namespace cm::actors
