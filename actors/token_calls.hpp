// Endpoint token validation requests on their way to their answers.
#pragma once

#include "actors/reply_batch.hpp"
#include "core/error.hpp"
#include "core/token.hpp"
#include "messaging/ecap.hpp"

#include <memory>
#include <optional>
#include <vector>

namespace cm::actors {

/// One request: the message owns the bytes that `request` looks into.
struct token_call {
  messaging::message message;
  messaging::ecap::endpoint_token_validation_request request;
};

/// Requests that nobody has answered yet. Those that are still in it when it is destroyed, because whoever worked on
/// them died or had no room, are answered 503: every request gets exactly one answer.
class token_calls {
public:
  token_calls(std::shared_ptr<messaging::connection> connection, std::shared_ptr<admission> door)
    : connection_(std::move(connection)), door_(std::move(door)) {}

  ~token_calls();
  token_calls(const token_calls&) = delete;
  token_calls& operator=(const token_calls&) = delete;

  void add(token_call call) { calls_.push_back(std::move(call)); }

  /// Hands the requests over to the caller, who answers them from now on.
  [[nodiscard]] std::vector<token_call> take() noexcept { return std::move(calls_); }

  [[nodiscard]] bool empty() const noexcept { return calls_.empty(); }

  /// Empty ones for the same connection and door.
  [[nodiscard]] std::shared_ptr<token_calls> make_calls() const {
    return std::make_shared<token_calls>(connection_, door_);
  }

  [[nodiscard]] reply_batch_ptr make_replies() const { return std::make_shared<reply_batch>(connection_, door_); }

private:
  std::shared_ptr<messaging::connection> connection_;
  std::shared_ptr<admission> door_;
  std::vector<token_call> calls_;
};

using token_calls_ptr = std::shared_ptr<token_calls>;

/// Adds the refusal of a call to `out`; the IDs stay null, so that a consumer that ignores the code lets nobody in.
void refuse(token_call call, core::errc code, reply_batch& out);

/// Adds the answer 200 with the token's IDs to `out`.
void accept(token_call call, const core::endpoint_token& token, reply_batch& out);

/// Adds a 400 to a message that could not be decoded, with what could be read of its correlation ID.
void refuse_undecodable(messaging::message message, std::string_view correlation_id, reply_batch& out);

} // namespace cm::actors
