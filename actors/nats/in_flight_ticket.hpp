// The ticket of a request: its slot of the in-flight limit, and the duty to reply.
#pragma once

#include "actors/interfaces/nats_requests.hpp"
#include "actors/nats/in_flight_limiter.hpp"
#include "core/memory/byte_budget.hpp"
#include "messaging/nats/subscription.hpp"

#include <atomic>
#include <cstddef>
#include <functional>
#include <memory>
#include <utility>

namespace cm::actors {

class request_origin;

/// Publishes replies on a thread that may block. Set by the egress for as long as it runs. Thread-safe.
using late_publisher = std::atomic<std::shared_ptr<const std::function<void(reply_batch_ptr)>>>;

/// One request from its arrival to its reply: it owns the received message, occupies one slot of the in-flight limit,
/// holds its bytes of the byte budget if it is large,
/// and owes a reply. It is open until close(); a moved-from ticket is not. The holders of a ticket reply
/// (pending_request, reply_batch): one that is destroyed while it is open gives the slot back, and is counted and
/// logged as a lost request.
/// @pre its origin exists while it is open; pending_requests and reply_batch keep it for the tickets in them
class in_flight_ticket {
public:
  in_flight_ticket(in_flight_ticket&&) noexcept = default;
  in_flight_ticket& operator=(in_flight_ticket&&) = delete;
  in_flight_ticket(const in_flight_ticket&) = delete;
  in_flight_ticket& operator=(const in_flight_ticket&) = delete;

  ~in_flight_ticket() {
    if (is_open())
      lose();
  }

  /// Whether a reply is owed.
  [[nodiscard]] bool is_open() const noexcept { return !message_.empty(); }

  [[nodiscard]] const messaging::message& message() const noexcept { return message_; }

  /// Where the request came from. @pre is_open()
  [[nodiscard]] const request_origin& origin() const noexcept { return *origin_; }

  /// Whether the request is large and holds no bytes of the budget: it must not be decoded, and its reply must be
  /// short.
  [[nodiscard]] bool too_large() const noexcept;

  /// The reply was published, or has been counted as lost: gives the slot and the bytes back and destroys the message.
  /// @pre is_open()
  void close() noexcept;

private:
  friend class request_origin;

  in_flight_ticket(messaging::message message, const request_origin& origin, bool charged) noexcept
    : message_(std::move(message)), origin_(&origin), charged_(charged) {}

  void lose() noexcept;

  messaging::message message_;
  const request_origin* origin_;
  bool charged_; ///< holds bytes of the budget
};

struct origin_options {
  std::shared_ptr<core::byte_budget> budget;  ///< of large requests; null: they are only counted
  std::shared_ptr<const late_publisher> late; ///< for replies that nobody has published; may be null
  bool self_test = false;                     ///< requests of CM itself, which metrics do not count
};

/// Where requests come from, and where their replies go: a connection, and the in-flight limiter of a subscription on
/// it, with the byte budget that it shares with others. Always in a shared_ptr (make()). Immutable, so thread-safe.
class request_origin : public std::enable_shared_from_this<request_origin> {
public:
  /// Larger requests are charged to the byte budget. Smaller ones are bounded well enough by their number, and cost the
  /// hot path nothing.
  static constexpr std::size_t large = 1024;

  [[nodiscard]] static std::shared_ptr<const request_origin> make(std::shared_ptr<messaging::connection> connection,
                                                                  std::shared_ptr<in_flight_limiter> limiter,
                                                                  origin_options options = {}) {
    return std::shared_ptr<const request_origin>(
      new request_origin(std::move(connection), std::move(limiter), std::move(options)));
  }

  struct admission {
    in_flight_ticket ticket; ///< also of a request beyond the limit, which is to be refused
    bool within_limit;
  };

  /// Takes a slot for a request that has arrived. Thread-safe. @pre the message is not empty
  [[nodiscard]] admission admit(messaging::message message) const noexcept {
    bool within_limit = limiter_->enter();
    bool charged = false;
    if (const auto bytes = message.payload().size(); within_limit && bytes > large && options_.budget) {
      charged = options_.budget->try_take(cost_of(bytes));
      within_limit = charged;
    }
    return {in_flight_ticket(std::move(message), *this, charged), within_limit};
  }

  /// The bytes that a large request is charged: the message, its reply, which may have as long a correlation ID, and
  /// what the buffer of the replies takes more while it grows.
  [[nodiscard]] static constexpr std::size_t cost_of(std::size_t payload) noexcept { return 3 * payload; }

  [[nodiscard]] const origin_options& options() const noexcept { return options_; }

  [[nodiscard]] messaging::connection& connection() const noexcept { return *connection_; }

  [[nodiscard]] in_flight_limiter& limiter() const noexcept { return *limiter_; }

private:
  request_origin(std::shared_ptr<messaging::connection> connection, std::shared_ptr<in_flight_limiter> limiter,
                 origin_options options) noexcept
    : connection_(std::move(connection)), limiter_(std::move(limiter)), options_(std::move(options)) {}

  std::shared_ptr<messaging::connection> connection_;
  std::shared_ptr<in_flight_limiter> limiter_;
  origin_options options_;
};

using request_origin_ptr = std::shared_ptr<const request_origin>;

inline void in_flight_ticket::close() noexcept {
  const auto done = std::move(message_);
  if (charged_)
    origin_->options().budget->give_back(request_origin::cost_of(done.payload().size()));
  origin_->limiter().leave();
}

} // namespace cm::actors
