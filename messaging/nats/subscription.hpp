// One subscription: messages come in batches that form by themselves.
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

/// A received message, owned. Moving it does not move its bytes: views into it stay valid as long as it lives.
/// Independent of its subscription and connection; any thread may drop it. Its payload is wiped then; the memory may
/// return to the library later, with that of other messages which the same thread dropped.
class message {
public:
  message() noexcept = default;

  explicit message(natsMsg* native) noexcept : native_(native) {}

  [[nodiscard]] bool empty() const noexcept { return native_ == nullptr; }

  /// All three: empty for a message that was moved from.
  [[nodiscard]] std::string_view subject() const noexcept;
  [[nodiscard]] std::string_view payload() const noexcept;

  /// Where the answer goes; empty where nobody waits for one. Zero-terminated.
  [[nodiscard]] const char* reply() const noexcept;

private:
  struct deleter {
    void operator()(natsMsg* native) const noexcept;
  };

  std::unique_ptr<natsMsg, deleter> native_;
};

using message_batch = std::vector<message>;

/// Messages in one batch at most.
inline constexpr std::size_t max_batch = 256;

/// How full a subscription's queue in the library is, for a sink that may take its time.
class pending_level {
public:
  /// Whether more than half of the pending limits is used. To be called from within the sink only. Takes the
  /// subscription's lock for a moment.
  [[nodiscard]] bool over_half() const noexcept;

private:
  friend class subscription;

  natsSubscription* native_ = nullptr; ///< while the sink may ask; the delivery thread's
  int messages_ = 0;                   ///< the limits
  int bytes_ = 0;
};

struct subscription_options {
  std::optional<std::string> queue_group;

  /// Messages and bytes that may wait for the sink; beyond, new ones are dropped and the connection's slow_consumer
  /// handler is called.
  int pending_messages = 65'536;
  int pending_bytes = 64 * 1024 * 1024;

  /// To be filled in for the sink; may be null. Not to be shared by several subscriptions.
  std::shared_ptr<pending_level> level;
};

/// Called on the subscription's own library thread, one batch at a time, in the order of arrival; while it runs, the
/// next batch gathers. Must not throw.
using batch_sink = std::function<void(message_batch)>;

class subscription {
public:
  /// Subscribes; the server knows it 1 ms later, or after the return of the connection. A batch goes to the sink when
  /// nothing more waits or it has max_batch messages; there is no timer and no message stays behind.
  /// @param on_complete called once, on the same thread, after the last batch: after drain, or when the connection was
  ///   closed. May be empty. Not called once the destructor has begun.
  /// Errors: `invalid` for a subject or queue group, `unavailable` for a closed connection.
  [[nodiscard]] static core::expected<std::unique_ptr<subscription>> open(std::shared_ptr<connection> on,
                                                                          const std::string& subject,
                                                                          subscription_options options, batch_sink sink,
                                                                          std::function<void()> on_complete = {});

  /// Unsubscribes and drops what waits; never waits itself, so it may run anywhere, the sink included. A call of the
  /// sink that has just begun may still be running afterwards: sink and on_complete own, or share, all that they touch.
  /// They are destroyed on the library's thread.
  ~subscription();
  subscription(const subscription&) = delete;
  subscription& operator=(const subscription&) = delete;

  /// Tells the server that no more messages are wanted, lets the sink have those that came, then calls on_complete.
  /// Returns at once. Without a server it ends at once with what is here.
  /// Errors: `unavailable` when it is closed already.
  [[nodiscard]] core::expected<void> drain(std::chrono::milliseconds timeout);

  /// Messages lost because the pending limits were reached, since the subscription was made.
  [[nodiscard]] std::uint64_t dropped() const noexcept;

  /// Messages that wait for the sink.
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
