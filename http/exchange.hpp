// One request and the promise of exactly one response to it.
#pragma once

#include "core/time.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

#include <atomic>
#include <functional>

namespace cm::http {

/// Made by the connection, answered by whoever works on the request, in any thread. If all who hold it let go of it
/// without an answer, it answers 503 by itself: the client is never left without a response.
class exchange {
public:
  using responder = std::function<void(response)>;

  /// @param deliver takes the response; called at most once, in the thread of respond() or of the destructor.
  ///   Must not throw.
  exchange(http::request received, responder deliver, core::steady_time arrived_at);
  exchange(const exchange&) = delete;
  exchange(exchange&&) = delete;
  exchange& operator=(const exchange&) = delete;
  exchange& operator=(exchange&&) = delete;
  ~exchange();

  [[nodiscard]] const http::request& request() const noexcept { return request_; }

  /// When the header was complete.
  [[nodiscard]] core::steady_time arrived_at() const noexcept { return arrived_at_; }

  /// Answers the request. Any thread.
  /// @return false, and nothing happens, when it was answered before.
  bool respond(response answer);

  [[nodiscard]] bool answered() const noexcept { return answered_.load(std::memory_order_acquire); }

private:
  http::request request_;
  responder deliver_;
  core::steady_time arrived_at_;
  std::atomic<bool> answered_{false};
};

} // namespace cm::http
