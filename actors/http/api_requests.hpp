// The handlers of REST requests, and the functions that they share: request something from another actor, then respond.
#pragma once

#include "actors/database/storage_request.hpp"
#include "actors/http/http_session.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/runtime/hardening.hpp"
#include "core/credentials/change_origin.hpp"
#include "http/rest/negotiation.hpp"
#include "http/server/problem.hpp"

#include <functional>
#include <string>
#include <utility>
#include <variant>

namespace cm::actors {

/// A request for which the route has been found.
struct api_request {
  http_session_pointer self;
  exchange_ptr exchange;      ///< the HTTP exchange to respond to
  http::path_parameters path; ///< views into the request
  core::steady_time deadline; ///< of the response, whatever has to be done for it
  const api_context* context; ///< valid during the handler's call only
};

/// Responds with the error. The log gets the details that the client must not see.
void answer_error(const exchange_ptr& exchange, const core::error& problem);

/// Responds 503 because another actor died or did not answer in time.
/// @param peer name of the actor, for the log
void answer_lost(const exchange_ptr& exchange, const char* peer, const caf::error& problem);

/// The origin of the request, for the audit trail and the events.
[[nodiscard]] core::change_origin origin_of_request(const http::request& request);

/// The error for a storage reply of an unexpected type.
[[nodiscard]] core::error other_reply();

/// Responds with `then(reply)`, or with the error.
template <class Reply, class Then>
void respond_with(const exchange_ptr& exchange, const storage_reply<Reply>& reply, const Then& then) {
  if (reply)
    exchange->respond(then(*reply));
  else
    answer_error(exchange, reply.error());
}

/// Sends a command to the storage gate, and responds with `then(reply)`, or with the error.
template <class Reply, class Then>
void ask_storage(const api_request& request, storage::command command, Then then) {
  const auto self = request.self;
  request_storage<Reply>(self, self->state.collaborators.gate, std::move(command), request.deadline,
                         [exchange = request.exchange, then = std::move(then)](const storage_reply<Reply>& reply) {
                           respond_with(exchange, reply, then);
                         });
}

/// Sends a change to the credential manager, and responds with `then(reply)`, or with the error.
template <class Reply, class Then>
void ask_change(const api_request& request, storage::command command, Then then) {
  const auto self = request.self;
  auto change = std::make_shared<const credential_change>(
    credential_change{std::move(command), core::channel::rest, request.deadline});
  request_until(self, self->state.collaborators.manager, request.deadline + manager_grace, apply_v,
                credential_change_ptr{std::move(change)})
    .then([exchange = request.exchange, then = std::move(then)](
            const storage_result_ptr& result) { respond_with(exchange, storage_reply<Reply>{result}, then); },
          [exchange = request.exchange](const caf::error& problem) {
            answer_lost(exchange, "credential manager", problem);
          });
}

/// Checks the If-Match of a POST to a list, if there is one, against the entity tag of the list (for client
/// credentials: of its default page), and calls `proceed` if it matches; otherwise it responds. The check is not atomic
/// with the insertion that follows; that is harmless, since an insertion cannot overwrite the change of another client.
/// @param look command that reads the list as a Page
/// @param tag_of returns the entity tag of the Page
template <class Page, class Tag>
void with_list_condition(const api_request& request, storage::command look, Tag tag_of, std::function<void()> proceed) {
  const auto condition = http::if_match_condition(request.exchange->request());
  if (!condition) {
    proceed();
    return;
  }
  const auto self = request.self;
  request_storage<Page>(self, self->state.collaborators.gate, std::move(look), request.deadline,
                        [exchange = request.exchange, wanted = *condition, tag_of,
                         proceed = std::move(proceed)](const storage_reply<Page>& page) {
                          if (!page)
                            answer_error(exchange, page.error());
                          else if (!http::if_match(wanted, tag_of(*page)))
                            answer_error(exchange,
                                         core::make_error(core::errc::precondition_failed, "The list has changed"));
                          else
                            proceed();
                        });
}

/// Has the password pool hash a password, and calls `then` with the hash; responds if that fails.
void ask_hash(const api_request& request, const core::secret& password, std::function<void(core::secret phc)> then);

// The handlers. Each responds to its request, at once or asynchronously.

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

/// Imports and exports are streams: each has an actor of its own that reads or writes piece by piece.
void import_tokens(const api_request& request);
void export_tokens(const api_request& request);

} // namespace cm::actors
