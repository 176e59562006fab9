// The ticket of a request: its slot of the in-flight limit, and the duty to reply.
#pragma once

#include "actors/nats/in_flight_limiter.hpp"
#include "messaging/nats/subscription.hpp"

#include <memory>
#include <utility>

namespace cm::messaging {

class connection;

} // namespace cm::messaging

namespace cm::actors {

class request_origin;

/// One request from its arrival to its reply: it owns the received message, occupies one slot of the in-flight limit,
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

  /// The reply was published, or has been counted as lost: gives the slot back and destroys the message. @pre is_open()
  void close() noexcept;

private:
  friend class request_origin;

  in_flight_ticket(messaging::message message, const request_origin& origin) noexcept
    : message_(std::move(message)), origin_(&origin) {}

  void lose() noexcept;

  messaging::message message_;
  const request_origin* origin_;
};

/// Where requests come from, and where their replies go: a connection, and the in-flight limiter of a subscription on
/// it. Always in a shared_ptr (make()). Immutable, so thread-safe.
class request_origin : public std::enable_shared_from_this<request_origin> {
public:
  [[nodiscard]] static std::shared_ptr<const request_origin> make(std::shared_ptr<messaging::connection> connection,
                                                                  std::shared_ptr<in_flight_limiter> limiter) {
    return std::shared_ptr<const request_origin>(new request_origin(std::move(connection), std::move(limiter)));
  }

  struct admission {
    in_flight_ticket ticket; ///< also of a request beyond the limit, which is to be refused
    bool within_limit;
  };

  /// Takes a slot for a request that has arrived. Thread-safe. @pre the message is not empty
  [[nodiscard]] admission admit(messaging::message message) const noexcept {
    const bool within_limit = limiter_->enter();
    return {in_flight_ticket(std::move(message), *this), within_limit};
  }

  [[nodiscard]] messaging::connection& connection() const noexcept { return *connection_; }

  [[nodiscard]] in_flight_limiter& limiter() const noexcept { return *limiter_; }

private:
  request_origin(std::shared_ptr<messaging::connection> connection, std::shared_ptr<in_flight_limiter> limiter) noexcept
    : connection_(std::move(connection)), limiter_(std::move(limiter)) {}

  std::shared_ptr<messaging::connection> connection_;
  std::shared_ptr<in_flight_limiter> limiter_;
};

using request_origin_ptr = std::shared_ptr<const request_origin>;

inline void in_flight_ticket::close() noexcept {
  const auto done = std::move(message_);
  origin_->limiter().leave();
}

} // namespace cm::actors
