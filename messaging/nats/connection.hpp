// One connection to the NATS cluster: cnats' natsConnection, kept alive for as long as anybody holds it.
#pragma once

#include "core/base/error.hpp"
#include "core/configuration/settings.hpp"

#include <nats/nats.h>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>

namespace cm::messaging {

enum class connection_status : std::uint8_t {
  connecting, ///< no server was reached yet
  connected,
  reconnecting, ///< was connected, is trying again
  draining,
  closed, ///< for good: open a new one
};

[[nodiscard]] std::string_view to_string(connection_status status) noexcept;

/// Called on a thread of the library, one at a time for one connection, and never from publish or flush_buffer. They
/// must return quickly and must not throw. Any of them may be empty. One that has just begun may still run when the
/// connection's destructor has returned, so they own, or share, all that they touch.
struct connection_handlers {
  std::function<void()>
    connected; ///< the first time; from within open(), on its thread, where a server answers at once
  std::function<void()> disconnected; ///< the library reconnects by itself
  std::function<void()> reconnected;  ///< subscriptions are in place again; what was published before may be lost

  /// Nothing more will happen on this connection. errc::none when close, drain or the destructor asked for it;
  /// unauthenticated when a server refused the login twice; else unavailable. The library gives up for good then: open
  /// a new connection (after a delay) and new subscriptions.
  std::function<void(const core::error& why)> closed;

  /// What the server or the library complains about: permissions, a refused login.
  std::function<void(std::string_view text)> async_error;

  /// The server does not permit something, in its words (refuses_subscription); async_error is called too. What it does
  /// not permit looks to the library as if it were there.
  std::function<void(std::string_view text)> not_permitted;

  /// A subscription's pending limit was reached and messages were dropped; once for each time that it begins.
  /// @param dropped how many the subscription has lost so far, in all
  std::function<void(std::string_view subject, std::uint64_t dropped)> slow_consumer;
};

struct connection_options {
  std::string name = "cm"; ///< how the server's monitoring shows the client

  std::chrono::milliseconds connect_timeout{2000}; ///< for one server, login included; without name resolution

  /// A server that is silent for one to two intervals beyond the first is given up: about 10 s in all.
  std::chrono::milliseconds ping_interval{5000};
  int max_pings_out = 1;

  /// Longest time that one write to the socket may block when the peer takes nothing.
  std::chrono::milliseconds write_deadline{2000};

  std::chrono::milliseconds reconnect_first{100}; ///< doubles up to the cap, each shortened by up to 20 %
  std::chrono::milliseconds reconnect_cap{5000};

  /// What may be published while there is no connection, in bytes; it is sent after the return.
  std::size_t reconnect_buffer = std::size_t{1024} * 1024;
};

/// Where a publication stands, for connection::confirm.
struct publication_mark {
  std::uint64_t reconnects = 0;
  std::uint64_t refusals = 0; ///< what the server has not permitted so far
};

class connection {
public:
  /// Tries each server and returns, connected or not. While no server can be reached, the library tries again for ever
  /// in the background. Blocks for up to twice connect_timeout for each server that does not even refuse, and for as
  /// long as name resolution takes.
  /// Errors, after which nothing goes on and open is to be called again later: `unauthenticated`: the login was
  /// refused; `unavailable`: another handshake failed, of TLS for instance, or a resource is lacking; `invalid`: URLs,
  /// certificates or keys that cannot be used. The detail has the library's words.
  [[nodiscard]] static core::expected<std::shared_ptr<connection>>
  open(const core::nats_settings& settings, connection_handlers handlers, const connection_options& options = {});

  /// Closes; waits up to 500 ms for the server to take what is buffered.
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  [[nodiscard]] connection_status status() const noexcept;

  /// The server connected to, as in nats://host:port, never with a login; empty while there is none.
  [[nodiscard]] std::string server() const;

  /// Why there is no connection, as far as the library knows; may be empty. Holds no secret.
  [[nodiscard]] std::string last_error() const;

  /// The most bytes of one payload that the server takes, by its latest word; while there is no connection, that of the
  /// server before. It changes with the server, and with a server's configuration. The largest value where no server
  /// was reached yet. Takes the library's lock, which a blocked write may hold: not for actors without a thread of
  /// their own.
  [[nodiscard]] std::size_t max_payload() const noexcept;

  /// Puts a message into the buffer; the buffer is written when it is full (32 KiB), by flush_buffer, or else by the
  /// library 1 ms later. Any thread; a batch should come from one. Blocks only where the socket takes nothing, for the
  /// write deadline at most.
  /// While there is no connection the messages are kept, up to reconnect_buffer bytes, and then refused.
  /// @param subject no spaces; a reply subject is one of these
  /// @return none; `invalid` for a subject or a payload that the server would refuse; `unavailable` when there is no
  ///   connection and the buffer is full, or the connection is closed: the message is lost
  core::errc publish(const char* subject, std::string_view payload) noexcept;

  core::errc publish(const std::string& subject, std::string_view payload) noexcept {
    return publish(subject.c_str(), payload);
  }

  /// Writes the buffer to the socket now, then waits for the server's sign of life for 1 ms at most: cnats has no flush
  /// without one (docs/decisions/0002-nats-flush.md). Confirms nothing. One thread at a time.
  /// @return none when it was written, `unavailable` without a connection
  core::errc flush_buffer() noexcept;

  /// Writes the buffer and waits until the server has answered a PING behind it. Says nothing about messages that were
  /// published before a connection was lost: confirm does.
  /// Errors: `unavailable`.
  [[nodiscard]] core::expected<void> round_trip(std::chrono::milliseconds timeout);

  /// To be taken before the first publish of what confirm shall confirm.
  [[nodiscard]] publication_mark mark() const noexcept;

  /// A round trip that also makes sure that the connection was the same one ever since `since`: then, and only then,
  /// the server has received all that was published in between.
  /// Errors: `unavailable`: it may or may not have been received; `forbidden`: the server has dropped some of it, for
  /// want of a permission. Where it has complained before, this takes up to 50 ms: the library tells of a complaint
  /// late.
  [[nodiscard]] core::expected<void> confirm(publication_mark since, std::chrono::milliseconds timeout);

  /// The server has not permitted something before, and may have done so since; what it was comes by
  /// connection_handlers::not_permitted, on a thread of the library and so up to some milliseconds later. Any thread.
  [[nodiscard]] bool was_refused_something() const noexcept;

  /// Changes whenever messages to this connection's subscriptions may have been lost on the way: with each loss of the
  /// server, before the first message that comes after it. (Those that a full subscription drops are not counted here,
  /// see connection_handlers::slow_consumer.) Takes the library's lock for a moment; any thread.
  [[nodiscard]] std::uint64_t continuity() const noexcept;

  /// Returns at once; the library lets all subscriptions finish, flushes and closes: then the handler `closed` is
  /// called, after `timeout` at the latest. Errors: `unavailable`: there is no server to drain to, close instead.
  [[nodiscard]] core::expected<void> drain(std::chrono::milliseconds timeout);

  /// As the destructor does it. Subscriptions end.
  void close() noexcept;

private:
  friend class subscription;
  struct shared_state;
  struct retired_subscription;

  connection(natsConnection* native, std::shared_ptr<shared_state> shared) noexcept;

  [[nodiscard]] std::uint64_t reconnects() const noexcept;

  /// Takes an unsubscribed subscription and frees it when the library's threads have ended. Until 3.6 cnats' reading
  /// thread (its issue 637), and until 3.7 its error callback (659), use a subscription that was freed under their
  /// hands.
  void retire(natsSubscription* native);

  static void on_connected(natsConnection*, void* closure) noexcept;
  static void on_disconnected(natsConnection*, void* closure) noexcept;
  static void on_reconnected(natsConnection*, void* closure) noexcept;
  static void on_closed(natsConnection* native, void* closure) noexcept;
  static void on_error(natsConnection* native, natsSubscription* sub, natsStatus status, void* closure) noexcept;
  static std::int64_t reconnect_delay(natsConnection*, int attempts, void* closure) noexcept;

  natsConnection* native_;
  std::shared_ptr<shared_state> shared_;
};

/// Whether these words of a nats-server say that it does not permit a subscription to that subject.
[[nodiscard]] bool refuses_subscription(std::string_view text, std::string_view subject);

} // namespace cm::messaging
