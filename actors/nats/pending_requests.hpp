// 16/ECAP requests on their way to their answers.
#pragma once

#include "actors/interfaces/nats_requests.hpp"
#include "actors/nats/reply_batch.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/credentials/client_credential.hpp"
#include "core/credentials/token.hpp"
#include "core/credentials/token_key.hpp"
#include "messaging/records/ecap.hpp"

#include <memory>
#include <vector>

namespace cm::actors {

/// The record that a request is answered with.
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

/// One request: the message owns the bytes that `request` looks into.
template <class Request>
struct pending_request {
  messaging::message message;
  Request request;
  core::token_key key; ///< of the token, where the request is about one: shards and caches go by it
  core::steady_time arrived{};
};

/// Adds the refusal of a call to `out`; the IDs stay null, so that a consumer that ignores the code lets nobody in.
/// errc::none: the plain success of a request that is answered without IDs.
/// Instantiated for the four requests of 16/ECAP.
template <class Request>
void refuse(pending_request<Request> call, core::errc code, reply_batch& out);

/// The code for requests about which the database could not be asked: trouble of the database is never an answer about
/// the credential (contract 4.1), so whatever is not a success is 503, or 500 for a fault.
[[nodiscard]] core::errc code_of_failure(core::errc code) noexcept;

/// Adds a 400 to a message that could not be decoded, with what could be read of its correlation ID.
template <class Request>
void refuse_undecodable(messaging::message message, std::string_view correlation_id, core::steady_time arrived,
                        reply_batch& out);

/// Says in the log that requests were lost, for want of memory.
void report_lost_requests(std::size_t count, const char* why) noexcept;

/// Requests that nobody has answered yet. Those that are still in it when it is destroyed, because whoever worked on
/// them died or had no room, are answered 503: every request gets exactly one answer.
template <class Request>
class pending_requests {
public:
  using call = pending_request<Request>;

  pending_requests(std::shared_ptr<messaging::connection> connection, std::shared_ptr<in_flight_limiter> limiter)
    : connection_(std::move(connection)), limiter_(std::move(limiter)) {}

  ~pending_requests() {
    if (calls_.empty())
      return;
    try {
      reply_batch replies(connection_, limiter_);
      for (auto& one : calls_)
        refuse(std::move(one), core::errc::unavailable, replies);
    } catch (const std::exception& problem) {
      report_lost_requests(calls_.size(), problem.what());
    }
  }

  pending_requests(const pending_requests&) = delete;
  pending_requests& operator=(const pending_requests&) = delete;

  void add(call one) { calls_.push_back(std::move(one)); }

  /// Hands the requests over to the caller, who answers them from now on.
  [[nodiscard]] std::vector<call> take() noexcept { return std::move(calls_); }

  [[nodiscard]] bool empty() const noexcept { return calls_.empty(); }

  /// What they ask, for whoever looks before he answers.
  [[nodiscard]] const std::vector<call>& peek() const noexcept { return calls_; }

  /// Empty ones for the same connection and door.
  [[nodiscard]] std::shared_ptr<pending_requests> make_pending() const {
    return std::make_shared<pending_requests>(connection_, limiter_);
  }

  [[nodiscard]] reply_batch_ptr make_replies() const { return std::make_shared<reply_batch>(connection_, limiter_); }

  /// What they came over.
  [[nodiscard]] const messaging::connection& connection() const noexcept { return *connection_; }

  /// Requests of one origin may be answered together.
  [[nodiscard]] const void* origin() const noexcept { return limiter_.get(); }

  void reserve(std::size_t count) { calls_.reserve(count); }

private:
  std::shared_ptr<messaging::connection> connection_;
  std::shared_ptr<in_flight_limiter> limiter_;
  std::vector<call> calls_;
};

using pending_token_request = pending_request<messaging::ecap::endpoint_token_validation_request>;
using pending_transition_request = pending_request<messaging::ecap::endpoint_token_status_transition_request>;
using pending_password_request = pending_request<messaging::ecap::client_username_password_validation_request>;
using pending_certificate_request = pending_request<messaging::ecap::client_certificate_validation_request>;

/// Refuses all that are in `calls`.
template <class Request>
[[nodiscard]] reply_batch_ptr refuse_all(pending_requests<Request>& calls, core::errc code) {
  auto replies = calls.make_replies();
  for (auto& one : calls.take())
    refuse(std::move(one), code, *replies);
  return replies;
}

/// Adds the answer 200 with these IDs to `out`; the views must live until it returns.
void accept(pending_token_request call, std::string_view token_id, std::string_view endpoint_id, reply_batch& out);
void accept(pending_password_request call, std::string_view credential_id, std::string_view client_id,
            reply_batch& out);
void accept(pending_certificate_request call, std::string_view credential_id, std::string_view client_id,
            reply_batch& out);

/// The same with the IDs of what was found.
void accept(pending_token_request call, const core::uuid& token_id, std::string_view endpoint_id, reply_batch& out);
void accept(pending_password_request call, const core::client_credential& credential, reply_batch& out);
void accept(pending_certificate_request call, const core::client_credential& credential, reply_batch& out);

} // namespace cm::actors
