// 16/ECAP requests that have no reply yet.
#pragma once

#include "actors/interfaces/nats_requests.hpp"
#include "actors/nats/in_flight_ticket.hpp"
#include "actors/nats/reply_batch.hpp"
#include "core/base/error.hpp"
#include "core/base/status_phrase.hpp"
#include "core/base/time.hpp"
#include "core/credentials/client_credential.hpp"
#include "core/credentials/token.hpp"
#include "core/credentials/token_key.hpp"
#include "messaging/records/ecap.hpp"
#include "messaging/records/ecap_status.hpp"

#include <memory>
#include <string_view>
#include <utility>
#include <vector>

namespace cm::actors {

/// The response record of a request.
template <class Request>
struct response_to;

template <>
struct response_to<messaging::ecap::endpoint_token_validation_request> {
  using type = messaging::ecap::endpoint_token_validation_response;
};

template <>
struct response_to<messaging::ecap::endpoint_token_status_transition_request> {
  using type = messaging::ecap::endpoint_token_status_transition_response;
};

template <>
struct response_to<messaging::ecap::client_username_password_validation_request> {
  using type = messaging::ecap::client_username_password_validation_response;
};

template <>
struct response_to<messaging::ecap::client_certificate_validation_request> {
  using type = messaging::ecap::client_certificate_validation_response;
};

/// A response with this correlation ID and the status of `code`; its IDs are null. @return views into the argument
template <class Request>
[[nodiscard]] typename response_to<Request>::type make_response(std::string_view correlation_id, core::errc code) {
  typename response_to<Request>::type response;
  response.correlation_id = correlation_id;
  response.timestamp = core::to_unix_ms(core::now_ms());
  response.status_code = messaging::ecap::status_of(code);
  if (code != core::errc::none)
    response.reason_phrase = core::reason_phrase(response.status_code);
  return response;
}

/// Replies 503 to a request whose handling has failed, at once and past the egress. If memory does not suffice for that
/// either, the request is counted as lost. Instantiated for the four requests of 16/ECAP.
/// @param correlation_id as far as it is known; may be empty
template <class Request>
void answer_unavailable(in_flight_ticket ticket, std::string_view correlation_id, core::steady_time arrived) noexcept;

/// One request. Its destructor replies 503 if nobody has replied, for example after an exception in the middle of a
/// batch: every request gets exactly one reply.
template <class Request>
struct pending_request {
  pending_request(in_flight_ticket&& its_ticket, const Request& decoded, const core::token_key& its_key,
                  core::steady_time at) noexcept
    : ticket(std::move(its_ticket)), request(decoded), key(its_key), arrived(at) {}

  ~pending_request() {
    if (ticket.is_open())
      answer_unavailable<Request>(std::move(ticket), request.correlation_id, arrived);
  }

  pending_request(pending_request&&) noexcept = default;
  pending_request& operator=(pending_request&&) = delete;
  pending_request(const pending_request&) = delete;
  pending_request& operator=(const pending_request&) = delete;

  in_flight_ticket ticket; ///< owns the bytes that `request` refers to
  Request request;
  core::token_key key; ///< of the token, in a token validation request; selects the shard and the cache entry
  core::steady_time arrived;
};

/// Adds the refusal of a request to `out`. The IDs stay null, so that a consumer which ignores the code admits nobody.
/// errc::none: success, for a request whose response has no IDs. Instantiated for the four requests of 16/ECAP.
/// This and accept() leave the request as it is if they throw, so that it can still be answered.
template <class Request>
void refuse(pending_request<Request>&& call, core::errc code, reply_batch& out);

/// The code of the reply after a failed look-up. A failure of the database is never a statement about the credential
/// (contract 4.1), so every code but `overloaded` and `internal` becomes `unavailable`.
[[nodiscard]] core::errc code_of_failure(core::errc code) noexcept;

/// Adds the reply 400 to a message that could not be decoded.
/// @param correlation_id as far as it could be decoded; may be empty
template <class Request>
void refuse_undecodable(in_flight_ticket&& ticket, std::string_view correlation_id, core::steady_time arrived,
                        reply_batch& out);

/// Adds the reply 503 to a large message for which there is no memory: it is not decoded, and the reply has only as
/// much of its correlation ID as CM keeps.
template <class Request>
void refuse_unread(in_flight_ticket&& ticket, core::steady_time arrived, reply_batch& out);

/// Requests of one origin without a reply. Those that it still holds when it is destroyed, for example after the
/// failure of the actor that held them, reply 503 to themselves. Not thread-safe; one owner at a time.
template <class Request>
class pending_requests {
public:
  using call = pending_request<Request>;

  explicit pending_requests(request_origin_ptr origin) noexcept : origin_(std::move(origin)) {}

  pending_requests(const pending_requests&) = delete;
  pending_requests& operator=(const pending_requests&) = delete;
  ~pending_requests() = default;

  /// @pre the request is of this origin
  void add(call&& request) { calls_.push_back(std::move(request)); }

  /// Moves the requests to the caller, which then has to reply to them. This object must exist until it has.
  [[nodiscard]] std::vector<call> take() noexcept { return std::move(calls_); }

  [[nodiscard]] bool empty() const noexcept { return calls_.empty(); }

  /// The requests, without taking them.
  [[nodiscard]] const std::vector<call>& peek() const noexcept { return calls_; }

  /// An empty object for the same origin.
  [[nodiscard]] std::shared_ptr<pending_requests> make_pending() const {
    return std::make_shared<pending_requests>(origin_);
  }

  [[nodiscard]] reply_batch_ptr make_replies() const { return std::make_shared<reply_batch>(origin_); }

  /// The connection that the requests arrived on.
  [[nodiscard]] const messaging::connection& connection() const noexcept { return origin_->connection(); }

  /// Identifies the origin: requests of the same origin may share a reply batch. For comparison only.
  [[nodiscard]] const void* origin() const noexcept { return origin_.get(); }

  void reserve(std::size_t count) { calls_.reserve(count); }

private:
  request_origin_ptr origin_; // before the requests, which need it until they are destroyed
  std::vector<call> calls_;
};

using pending_token_request = pending_request<messaging::ecap::endpoint_token_validation_request>;
using pending_transition_request = pending_request<messaging::ecap::endpoint_token_status_transition_request>;
using pending_password_request = pending_request<messaging::ecap::client_username_password_validation_request>;
using pending_certificate_request = pending_request<messaging::ecap::client_certificate_validation_request>;

/// Takes all requests in `calls` and refuses them with `code`.
template <class Request>
[[nodiscard]] reply_batch_ptr refuse_all(pending_requests<Request>& calls, core::errc code) {
  auto replies = calls.make_replies();
  for (auto& request : calls.take())
    refuse(std::move(request), code, *replies);
  return replies;
}

/// Adds the reply 200 with these IDs to `out`. The views must be valid during the call.
void accept(pending_token_request&& call, std::string_view token_id, std::string_view endpoint_id, reply_batch& out);
void accept(pending_password_request&& call, std::string_view credential_id, std::string_view client_id,
            reply_batch& out);
void accept(pending_certificate_request&& call, std::string_view credential_id, std::string_view client_id,
            reply_batch& out);

/// The same with the IDs of the credential that was found.
void accept(pending_token_request&& call, const core::uuid& token_id, std::string_view endpoint_id, reply_batch& out);
void accept(pending_password_request&& call, const core::client_credential& credential, reply_batch& out);
void accept(pending_certificate_request&& call, const core::client_credential& credential, reply_batch& out);

} // namespace cm::actors
