// A connection to the NATS cluster: wraps cnats' natsConnection.
#pragma once

#include "core/base/backoff.hpp"
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
#include <vector>

namespace cm::messaging {

enum class connection_status : std::uint8_t {
  connecting, ///< no server was reached yet
  connected,
  reconnecting, ///< was connected; the library tries to reconnect
  draining,
  closed, ///< permanently: open a new connection
};

/// The library calls the handlers on its threads, one at a time per connection if not stated otherwise, and never from
/// publish or flush_buffer. Handlers must return quickly and must not throw. Any of them may be empty. A handler that
/// has started may still run after the connection's destructor has returned, so handlers must own, or share ownership
/// of, everything they use.
struct connection_handlers {
  /// After the first connect. Called by open() on its own thread if a server responds immediately.
  std::function<void()> connected;
  std::function<void()> disconnected; ///< the library reconnects automatically. Not called if it has given up (closed)
  std::function<void()> reconnected;  ///< the subscriptions are restored; messages published before may be lost

  /// A server has refused to restore the connection; `text` is its reason. The library tries again. Called on the
  /// thread that reconnects, possibly at the same time as another handler.
  std::function<void(std::string_view text)> refused;

  /// The last call for this connection. `why` is errc::none after close, drain or the destructor; unauthenticated if a
  /// server refused the login twice; else unavailable. The library does not reconnect after this: open a new connection
  /// (after a delay) and new subscriptions.
  std::function<void(const core::error& why)> closed;

  /// An error that the server or the library reports, such as missing permissions or a refused login.
  std::function<void(std::string_view text)> async_error;

  /// The server denied a permission. `text` is the server's message (see refusals.hpp). async_error is called
  /// too. To the library a refused subscription looks like a working one.
  std::function<void(std::string_view text)> not_permitted;

  /// A subscription has reached its pending limit and dropped messages. Called once per episode.
  /// @param dropped total number of messages that the subscription has lost so far
  std::function<void(std::string_view subject, std::uint64_t dropped)> slow_consumer;
};

struct connection_options {
  std::string name = "cm"; ///< client name in the server's monitoring

  std::chrono::milliseconds connect_timeout{2000}; ///< per server, including login, without name resolution

  /// A server that does not answer a ping before the next one is due counts as lost: about 10 s in total.
  std::chrono::milliseconds ping_interval{5000};
  int max_pings_out = 1;

  /// Maximum time for which a write to the socket may block if the peer does not read.
  std::chrono::milliseconds write_deadline{2000};

  std::chrono::milliseconds reconnect_first{100}; ///< doubles up to the cap; jitter shortens each delay by up to 20 %
  std::chrono::milliseconds reconnect_cap{5000};

  /// Bytes that may be published while disconnected; they are sent after the reconnect.
  std::size_t reconnect_buffer = std::size_t{1024} * 1024;

  /// A connection that ends before it has lasted this long does not reset the delays.
  std::chrono::milliseconds proven_after = core::connection_backoff::proven_after;

  /// Subjects of the publications that connection::confirm() vouches for. Empty: all. The server refuses publications
  /// for reasons that others cause: a sender of requests chooses the subject of the response.
  std::vector<std::string> confirmed_subjects;
};

/// The state of the connection before a publication, for connection::confirm.
struct publication_mark {
  std::uint64_t reconnects = 0;
  std::uint64_t refusals = 0; ///< number of publications on the confirmed subjects that the server has refused
};

class connection {
public:
  /// Tries each server once and returns, connected or not. If no server can be reached, the library retries
  /// indefinitely in the background. Blocks for up to twice connect_timeout for each server that does not respond, plus
  /// the time of the name resolution.
  /// @return `unauthenticated` if the login was refused; `unavailable` if a handshake, such as TLS, failed or a
  /// resource
  ///   is lacking; `invalid` for URLs, certificates or keys that cannot be used. The detail is the library's message.
  ///   After an error nothing runs in the background: call open again later.
  [[nodiscard]] static core::expected<std::shared_ptr<connection>>
  open(const core::nats_settings& settings, connection_handlers handlers, const connection_options& options = {});

  /// Closes the connection. Waits up to 500 ms for buffered messages to be sent.
  ~connection();
  connection(const connection&) = delete;
  connection& operator=(const connection&) = delete;

  [[nodiscard]] connection_status status() const noexcept;

  /// The URL of the connected server, as in nats://host:port, without a login; empty while not connected.
  [[nodiscard]] std::string server() const;

  /// Whether the library has another server to try, from the settings or announced by a server. Takes the library's
  /// lock: do not call it from event-based actors.
  [[nodiscard]] bool knows_other_servers() const noexcept;

  /// The library's last error, for example why there is no connection; may be empty. Contains no secret.
  [[nodiscard]] std::string last_error() const;

  /// The server's max_payload in bytes; while disconnected, that of the previous server; the largest value if no server
  /// was reached yet. It can change with the server and its configuration. Takes the library's lock, which a blocked
  /// write may hold: do not call it from event-based actors.
  [[nodiscard]] std::size_t max_payload() const noexcept;

  /// Appends a message to the buffer. The buffer is written when it is full (32 KiB), by flush_buffer, or by the
  /// library after 1 ms. Thread-safe; a batch should come from one thread. Blocks only if the socket accepts no data,
  /// and for the write deadline at most. While disconnected, messages are kept up to reconnect_buffer bytes; further
  /// ones are refused.
  /// @param subject without spaces; may be a reply subject
  /// @return none; `invalid` for a subject or a payload that the server would refuse; `unavailable` if the connection
  /// is
  ///   closed, or disconnected with a full buffer: the message is lost
  core::errc publish(const char* subject, std::string_view payload) noexcept;

  core::errc publish(const std::string& subject, std::string_view payload) noexcept {
    return publish(subject.c_str(), payload);
  }

  /// Writes the buffer to the socket now, then waits up to 1 ms for the PONG of the server: cnats has no flush without
  /// one (docs/decisions/0002-nats-flush.md). Does not confirm delivery. Must not be called concurrently.
  /// @return none if the buffer was written, `unavailable` without a connection
  core::errc flush_buffer() noexcept;

  /// Writes the buffer and a PING, and waits for the PONG. Messages that were published before a loss of the connection
  /// may be lost nevertheless: use confirm for them.
  /// @return `unavailable` without a PONG in time
  [[nodiscard]] core::expected<void> round_trip(std::chrono::milliseconds timeout);

  /// Takes the mark for confirm. Call it before the first publish.
  [[nodiscard]] publication_mark mark() const noexcept;

  /// A round trip that also checks that the connection was not lost since `since`. Only then has the server received
  /// everything that was published in between.
  /// @return `unavailable`: the server may or may not have received it; `forbidden`: the server has dropped some of it,
  ///   on the confirmed subjects (connection_options), for a missing permission. Takes up to 50 ms longer if the server
  ///   has refused something before, because the library reports a refusal with a delay.
  [[nodiscard]] core::expected<void> confirm(publication_mark since, std::chrono::milliseconds timeout);

  /// Whether the connection's last error is a missing permission. connection_handlers::not_permitted receives the
  /// details on a thread of the library, up to some milliseconds later. Thread-safe.
  [[nodiscard]] bool was_refused_something() const noexcept;

  /// A number that changes whenever messages to the subscriptions of this connection may have been lost: at each loss
  /// of the server, before the first message after it. Does not cover messages that a full subscription drops (see
  /// connection_handlers::slow_consumer). Takes the library's lock briefly. Thread-safe.
  [[nodiscard]] std::uint64_t continuity() const noexcept;

  /// Starts draining and returns immediately: the library lets all subscriptions finish, flushes, closes, and calls the
  /// handler `closed`, after `timeout` at the latest.
  /// @return `unavailable` without a connection to a server: call close instead
  [[nodiscard]] core::expected<void> drain(std::chrono::milliseconds timeout);

  /// Closes the connection and its subscriptions, like the destructor.
  void close() noexcept;

private:
  friend class subscription;
  struct shared_state;
  struct retired_subscription;

  connection(natsConnection* native, std::shared_ptr<shared_state> shared) noexcept;

  [[nodiscard]] std::uint64_t reconnects() const noexcept;

  /// Takes ownership of an unsubscribed subscription and frees it after the library's threads have ended: the reading
  /// thread of cnats before 3.6 (issue 637) and the error callback before 3.7 (issue 659) may use a freed subscription.
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

/// Whether connections could be opened with these settings, as far as that shows without a server: reads the TLS files,
/// and checks that the key belongs to the certificate. Blocks on the file system; thread-safe.
/// @return `invalid` with the name of the key that cannot be used
[[nodiscard]] core::expected<void> check_login(const core::nats_settings& settings);

} // namespace cm::messaging
