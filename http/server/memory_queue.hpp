// The connections of one event loop that wait until the byte budget of the HTTP buffers has room.
#pragma once

#include "core/base/time.hpp"
#include "core/memory/byte_budget.hpp"
#include "core/observability/counters.hpp"
#include "http/server/net.hpp"

#include <boost/asio/execution_context.hpp>
#include <boost/asio/io_context.hpp>

#include <chrono>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>

namespace cm::http {

/// What the buffers of all connections of a port may take together. A request that does not fit is not read until there
/// is room, for `patience` at most, and is then answered 503.
struct memory_bounds {
  std::shared_ptr<core::byte_budget> budget; ///< null: no bound
  std::chrono::milliseconds patience{2000};
  /// A connection that sends nothing for so long in the middle of a request is answered 408 while memory is short.
  std::chrono::milliseconds stall{2000};
  std::shared_ptr<core::shared_counter> refused = std::make_shared<core::shared_counter>(); ///< requests answered 503
};

/// One for each event loop, to be had by net::use_service(). All functions in the loop's thread.
///
/// Each of the two lines is served in order of arrival. Requests that have begun have a line of their own, because they
/// hold memory already, which others get only when these end.
class memory_queue final : public net::execution_context::service {
public:
  static net::execution_context::id id;

  enum class line : std::uint8_t { entering, begun };

  /// Tries to go on. @param overdue the last call: refuse the request
  /// @return false to wait on
  using attempt = std::function<bool(bool overdue)>;

  explicit memory_queue(net::io_context& owner);
  memory_queue(const memory_queue&) = delete;
  memory_queue(memory_queue&&) = delete;
  memory_queue& operator=(const memory_queue&) = delete;
  memory_queue& operator=(memory_queue&&) = delete;
  ~memory_queue() final = default;

  [[nodiscard]] bool empty(line in) const noexcept { return of(in).empty(); }

  /// @param deadline not before those that wait in the line already
  void wait(line in, core::steady_time deadline, attempt go_on);

private:
  struct waiter {
    core::steady_time deadline;
    attempt go_on;
  };

  [[nodiscard]] const std::deque<waiter>& of(line in) const noexcept {
    return in == line::entering ? entering_ : begun_;
  }

  void shutdown() noexcept final;
  void arm();
  void serve();
  static void serve(std::deque<waiter>& waiting, core::steady_time now);

  std::deque<waiter> entering_;
  std::deque<waiter> begun_;
  steady_timer timer_;
  bool armed_ = false;
};

} // namespace cm::http
