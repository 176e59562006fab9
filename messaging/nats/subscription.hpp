// A NATS subscription that delivers messages in batches.
#pragma once

#include "core/base/error.hpp"
#include "messaging/nats/connection.hpp"

#include <nats/nats.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::messaging {

/// Owns a received message. Moving it does not move its bytes, so views into it stay valid. It may outlive its
/// subscription and connection, and any thread may destroy it. The destructor wipes the payload; the memory may be
/// returned to the library later, together with that of other messages which the same thread destroyed.
class message {
public:
  message() noexcept = default;

  explicit message(natsMsg* native) noexcept : native_(native) {}

  [[nodiscard]] bool empty() const noexcept { return native_ == nullptr; }

  /// These three are empty for a moved-from message.
  [[nodiscard]] std::string_view subject() const noexcept;
  [[nodiscard]] std::string_view payload() const noexcept;

  /// The reply subject, zero-terminated; empty if the sender expects no response.
  [[nodiscard]] const char* reply() const noexcept;

private:
  struct deleter {
    void operator()(natsMsg* native) const noexcept;
  };

  std::unique_ptr<natsMsg, deleter> native_;
};

using message_batch = std::vector<message>;

/// Maximum number of messages in a batch.
inline constexpr std::size_t max_batch = 256;

/// A batch is complete when its payloads have this many bytes.
inline constexpr std::size_t max_batch_bytes = std::size_t{256} * 1024;

/// The fill level of a subscription's queue in the library, for a sink that wants to slow down without losing messages.
class pending_level {
public:
  /// Whether more than half of a pending limit is used. Call it only from the sink. Takes the subscription's lock
  /// briefly.
  [[nodiscard]] bool over_half() const noexcept;

private:
  friend class subscription;

  natsSubscription* native_ = nullptr; ///< used by the delivery thread only; null after completion
  int messages_ = 0;                   ///< pending limit in messages
  int bytes_ = 0;                      ///< pending limit in bytes
};

struct subscription_options {
  std::optional<std::string> queue_group;

  /// Limits of the messages and bytes that wait for the sink. Above a limit, new messages are dropped and the
  /// connection's slow_consumer handler is called.
  int pending_messages = 65'536;
  int pending_bytes = 64 * 1024 * 1024;

  /// Updated for the sink; may be null. Subscriptions must not share one.
  std::shared_ptr<pending_level> level;

  /// Called with the text of an exception in the sink or on_complete, or in the making of a batch, on the delivery
  /// thread. May be empty. What it throws itself is ignored.
  std::function<void(std::string_view why)> on_failure;
};

/// Receives one batch at a time, in the order of arrival, on the subscription's delivery thread of the library.
/// Messages that arrive while it runs form the next batches. An exception ends only this call: its whole batch counts
/// as dropped, and the next one follows.
using batch_sink = std::function<void(message_batch)>;

class subscription {
public:
  /// Subscribes. The server receives the subscription about 1 ms later, or after a reconnect. A batch is passed to the
  /// sink when no more messages are pending or it has max_batch messages or max_batch_bytes, so no message waits for a
  /// timer.
  /// @param on_complete called once, on the same thread, after the last batch: after drain, or after the connection was
  ///   closed. May be empty. Not called after the destructor has begun.
  /// @return `invalid` for a bad subject or queue group, `unavailable` for a closed connection
  [[nodiscard]] static core::expected<std::unique_ptr<subscription>> open(std::shared_ptr<connection> on,
                                                                          const std::string& subject,
                                                                          subscription_options options, batch_sink sink,
                                                                          std::function<void()> on_complete = {});

  /// Unsubscribes and drops pending messages. Never blocks, so it may run on any thread, also within the sink. A call
  /// of the sink that has started may still run afterwards: sink and on_complete must own, or share ownership of,
  /// everything they use. They are destroyed on the library's thread.
  ~subscription();
  subscription(const subscription&) = delete;
  subscription& operator=(const subscription&) = delete;

  /// Unsubscribes at the server, delivers the messages that were received, then calls on_complete. Returns immediately.
  /// While disconnected it completes immediately with the messages that were received.
  /// @return `unavailable` if it is closed already
  [[nodiscard]] core::expected<void> drain(std::chrono::milliseconds timeout);

  /// Total number of messages that were dropped because a pending limit was reached, or lost by an exception.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

  /// Number of messages that wait for the sink.
  [[nodiscard]] std::uint64_t pending() const noexcept;

  [[nodiscard]] const std::string& subject() const noexcept { return subject_; }

private:
  struct inbox;

  subscription(std::shared_ptr<connection> on, std::string subject, natsSubscription* native,
               std::shared_ptr<inbox> box) noexcept;

  static void on_message(natsConnection*, natsSubscription* native, natsMsg* msg, void* closure) noexcept;
  static void on_complete(void* closure) noexcept;

  std::shared_ptr<connection> connection_;
  std::string subject_;
  natsSubscription* native_;
  std::shared_ptr<inbox> inbox_;
};

} // namespace cm::messaging
