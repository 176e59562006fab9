#include "messaging/nats/connection.hpp"

#include "core/base/stray_ends.hpp"
#include "messaging/nats/connection_options.hpp"
#include "messaging/nats/refusals.hpp"

#include <array>
#include <atomic>
#include <cstdlib>
#include <exception>
#include <limits>
#include <utility>

namespace cm::messaging {

namespace {

/// How long confirm() waits for the report of a refusal.
constexpr int refusal_wait_ms = 50;

/// How long flush_buffer() waits after its write: the smallest timeout that the library accepts.
constexpr std::int64_t flush_wait_ms = 1;

/// The number of reconnects if the library has no memory to report it; confirm() does not accept it.
constexpr std::uint64_t unknown_count = std::numeric_limits<std::uint64_t>::max();

/// Removes the login from nats://user:password@host:port.
std::string without_login(std::string url) {
  const auto scheme = url.find("://");
  const auto from = scheme == std::string::npos ? 0 : scheme + 3;
  if (const auto at_sign = url.rfind('@'); at_sign != std::string::npos && at_sign >= from)
    url.erase(from, at_sign + 1 - from);
  return url;
}

/// Adds what is unusual about the password, for every failure of a connection that a server did not accept.
core::error with_password_hint(core::error problem, std::string_view stray_ends) {
  if (!stray_ends.empty())
    problem.message += " (CM's password " + std::string(stray_ends) + ")";
  return problem;
}

} // namespace

/// A node in the lock-free list of unsubscribed subscriptions.
struct connection::retired_subscription {
  natsSubscription* native;
  retired_subscription* next;
};

/// The state that the callbacks use. It keeps itself alive (`self`) until the last callback of the library.
struct connection::shared_state {
  shared_state(connection_handlers h, const connection_options& options)
    : handlers(std::move(h)), confirmed_subjects(options.confirmed_subjects),
      delays({options.reconnect_first, options.reconnect_cap, 0.2}, options.proven_after) {}

  shared_state(const shared_state&) = delete;
  shared_state& operator=(const shared_state&) = delete;

  /// Runs after both the connection object with all its subscriptions and the library's threads have ended.
  ~shared_state() {
    for (auto* next = retired.load(); next != nullptr;) {
      const std::unique_ptr<retired_subscription> node(std::exchange(next, next->next));
      natsSubscription_Destroy(node->native);
    }
  }

  template <class Handler, class... Args>
  void call(const Handler& handler, const Args&... args) const {
    if (handler && !muted.load(std::memory_order_acquire))
      handler(args...);
  }

  void keep_server(natsConnection* native) noexcept {
    std::array<char, 1024> url{};
    try {
      if (natsConnection_GetConnectedUrl(native, url.data(), url.size()) == NATS_OK)
        server.store(std::make_shared<const std::string>(without_login(url.data())));
    } catch (const std::exception&) {
      server.store(nullptr); // memory is exhausted
    }
  }

  connection_handlers handlers;
  const std::vector<std::string> confirmed_subjects;
  std::string_view stray_ends;     ///< of the password: core::stray_ends()
  core::connection_backoff delays; ///< used by the reconnecting thread only; there is one at a time
  std::atomic<core::steady_time> connected_at{core::steady_time::min()}; ///< when the latest connection was made
  std::atomic<bool> was_connected{false};
  std::atomic<bool> close_requested{false};
  std::atomic<bool> muted{false}; ///< the connection object is destroyed: call no more handlers
  std::atomic<std::uint64_t> refusals{0};
  std::atomic<retired_subscription*> retired{nullptr};
  std::atomic<std::shared_ptr<const std::string>> server; ///< its URL without a login; null while not connected
  std::shared_ptr<shared_state> self;
};

void connection::retire(natsSubscription* native) {
  auto* node = new retired_subscription{native, shared_->retired.load(std::memory_order_relaxed)};
  while (
    !shared_->retired.compare_exchange_weak(node->next, node, std::memory_order_release, std::memory_order_relaxed))
    ;
}

void connection::on_connected(natsConnection* native, void* closure) noexcept {
  auto& shared = *static_cast<shared_state*>(closure);
  shared.was_connected = true;
  shared.keep_server(native);
  shared.connected_at = std::chrono::steady_clock::now();
  shared.call(shared.handlers.connected);
}

void connection::on_disconnected(natsConnection* native, void* closure) noexcept {
  auto& shared = *static_cast<shared_state*>(closure);
  shared.server.store(nullptr);
  if (natsConnection_Status(native) != NATS_CONN_STATUS_CLOSED) // else on_closed follows, with the reason
    shared.call(shared.handlers.disconnected);
}

void connection::on_reconnected(natsConnection* native, void* closure) noexcept {
  auto& shared = *static_cast<shared_state*>(closure);
  shared.keep_server(native);
  shared.connected_at = std::chrono::steady_clock::now();
  shared.call(shared.handlers.reconnected);
}

void connection::on_closed(natsConnection* native, void* closure) noexcept {
  // This is the last callback of a connection: the library runs callbacks in order, and queues this one after the
  // connection's threads have ended.
  const auto shared = std::move(static_cast<shared_state*>(closure)->self);
  core::error why;
  why.code = core::errc::none;
  if (!shared->close_requested) {
    const char* unused = nullptr;
    const auto status = natsConnection_GetLastError(native, &unused);
    const bool login = status == NATS_CONNECTION_AUTH_FAILED;
    why = detail::make_nats_error(login ? core::errc::unauthenticated : core::errc::unavailable,
                                  "the NATS connection was given up", status);
    if (status == NATS_ERR) // an error of the server that the library has no status for
      why.message = "the NATS server has ended the connection";
    why.detail = detail::error_text(native);
    why = with_password_hint(std::move(why), shared->stray_ends);
  }
  shared->server.store(nullptr);
  shared->call(shared->handlers.closed, why);
}

void connection::on_error(natsConnection* native, natsSubscription* sub, natsStatus status, void* closure) noexcept {
  auto& shared = *static_cast<shared_state*>(closure);
  if (status == NATS_SLOW_CONSUMER && sub != nullptr) {
    std::int64_t dropped = 0;
    natsSubscription_GetDropped(sub, &dropped);
    const char* subject = natsSubscription_GetSubject(sub);
    shared.call(shared.handlers.slow_consumer, std::string_view(subject == nullptr ? "" : subject),
                static_cast<std::uint64_t>(dropped));
    return;
  }
  // Prefer the thread's error message: it belongs to this call. The connection's is that of its latest error.
  natsStatus of_thread = NATS_OK;
  const char* words = nats_GetLastError(&of_thread);
  const auto more = words != nullptr && of_thread == status ? std::string(words) : detail::error_text(native);
  if (status == NATS_NOT_PERMITTED) {
    if (may_refuse_publication(more, shared.confirmed_subjects))
      ++shared.refusals;
    shared.call(shared.handlers.not_permitted, std::string_view(more));
  }
  std::string text = natsStatus_GetText(status);
  if (!more.empty() && more != text)
    text += ": " + more;
  shared.call(shared.handlers.async_error, std::string_view(text));
}

std::int64_t connection::reconnect_delay(natsConnection* /*native*/, int attempts, void* closure) noexcept {
  auto& shared = *static_cast<shared_state*>(closure);
  // The errors of this thread are those of the attempts. NATS_ERR: an error of a server in the handshake.
  natsStatus status = NATS_OK;
  if (const char* words = nats_GetLastError(&status); attempts > 1 && words != nullptr && status == NATS_ERR)
    shared.call(shared.handlers.refused, std::string_view(words));
  if (const auto at = shared.connected_at.load(); attempts <= 1 && at != core::steady_time::min())
    shared.delays.connected(at);
  return shared.delays.next(std::chrono::steady_clock::now()).count();
}

connection::connection(natsConnection* native, std::shared_ptr<shared_state> shared) noexcept
  : native_(native), shared_(std::move(shared)) {}

core::expected<std::shared_ptr<connection>>
connection::open(const core::nats_settings& settings, connection_handlers handlers, const connection_options& options) {
  auto native_options = detail::make_options(settings, options);
  if (!native_options)
    return native_options.error();
  natsOptions* raw = native_options->get();
  auto shared = std::make_shared<shared_state>(std::move(handlers), options);
  shared->stray_ends = core::stray_ends(settings.password.reveal());
  auto* closure = shared.get();
  const std::array statuses{
    natsOptions_SetCustomReconnectDelay(raw, reconnect_delay, closure),
    natsOptions_SetDisconnectedCB(raw, on_disconnected, closure),
    natsOptions_SetReconnectedCB(raw, on_reconnected, closure),
    natsOptions_SetClosedCB(raw, on_closed, closure),
    natsOptions_SetErrorHandler(raw, on_error, closure),
  };
  for (const auto status : statuses) {
    if (status != NATS_OK)
      return detail::make_nats_error(core::errc::unavailable, "NATS", status);
  }

  // Two attempts. The first one returns the reason if a server responded and the handshake failed. Background retries
  // are enabled only if no server was reached, because the library cannot retry after a failed handshake: 3.4.1
  // and 3.10 then lose their position in the list of servers and close the connection with NATS_NO_SERVER.
  shared->self = shared;
  natsConnection* native = nullptr;
  auto status = natsConnection_Connect(&native, raw);
  if (detail::no_server_reached(status)) {
    status = natsOptions_SetRetryOnFailedConnect(raw, true, on_connected, closure);
    if (status == NATS_OK)
      status = natsConnection_Connect(&native, raw);
    if (status != NATS_OK && status != NATS_NOT_YET_CONNECTED) {
      // No memory or no thread. If on_closed is called, it frees the state; otherwise these few bytes leak. Freeing
      // them here could race with on_closed.
      return detail::make_nats_error(core::errc::unavailable, "NATS", status);
    }
  }
  if (status != NATS_OK && status != NATS_NOT_YET_CONNECTED) {
    shared->self.reset(); // no thread was started, so there are no callbacks
    return with_password_hint(detail::connect_error(status), shared->stray_ends);
  }
  std::shared_ptr<connection> out(new connection(native, std::move(shared)));
  if (status == NATS_OK)
    on_connected(native, closure); // the library only calls it for a later success
  return out;
}

connection::~connection() {
  shared_->muted.store(true, std::memory_order_release);
  shared_->close_requested = true;
  natsConnection_Destroy(native_);
}

connection_status connection::status() const noexcept {
  switch (natsConnection_Status(native_)) {
  case NATS_CONN_STATUS_CONNECTED:
    return connection_status::connected;
  case NATS_CONN_STATUS_CLOSED:
    return connection_status::closed;
  case NATS_CONN_STATUS_DRAINING_SUBS:
  case NATS_CONN_STATUS_DRAINING_PUBS:
    return connection_status::draining;
  default:
    return shared_->was_connected ? connection_status::reconnecting : connection_status::connecting;
  }
}

std::string connection::server() const {
  const auto url = shared_->server.load();
  return url ? *url : std::string{};
}

std::uint64_t connection::received_bytes() const noexcept {
  return statistics().bytes_in;
}

bool connection::knows_other_servers() const noexcept {
  char** urls = nullptr;
  int count = 0;
  if (natsConnection_GetServers(native_, &urls, &count) != NATS_OK)
    return false;
  for (int i = 0; i < count; ++i)
    std::free(urls[i]);
  std::free(urls);
  return count > 1;
}

std::string connection::last_error() const {
  return detail::error_text(native_);
}

std::size_t connection::max_payload() const noexcept {
  const auto bytes = natsConnection_GetMaxPayload(native_);
  return bytes > 0 ? static_cast<std::size_t>(bytes) : std::numeric_limits<std::size_t>::max();
}

core::errc connection::publish(const char* subject, std::string_view payload) noexcept {
  if (payload.size() > std::numeric_limits<int>::max())
    return core::errc::invalid;
  return detail::publish_result(
    natsConnection_Publish(native_, subject, payload.data(), static_cast<int>(payload.size())));
}

core::errc connection::publish_request(const char* subject, const char* reply, std::string_view payload) noexcept {
  if (payload.size() > std::numeric_limits<int>::max())
    return core::errc::invalid;
  return detail::publish_result(
    natsConnection_PublishRequest(native_, subject, reply, payload.data(), static_cast<int>(payload.size())));
}

core::errc connection::flush_buffer() noexcept {
  if (const auto now = status(); now != connection_status::connected && now != connection_status::draining)
    return core::errc::unavailable;
  const auto status = natsConnection_FlushTimeout(native_, flush_wait_ms);
  return status == NATS_OK || status == NATS_TIMEOUT ? core::errc::none : core::errc::unavailable;
}

core::expected<void> connection::round_trip(std::chrono::milliseconds timeout) {
  if (status() != connection_status::connected)
    return core::make_error(core::errc::unavailable, "NATS: not connected");
  const auto status = natsConnection_FlushTimeout(native_, std::max<std::int64_t>(1, timeout.count()));
  if (status != NATS_OK)
    return detail::make_nats_error(core::errc::unavailable, "NATS", status);
  return {};
}

connection::counts connection::statistics() const noexcept {
  counts out{0, unknown_count};
  natsStatistics* native = nullptr;
  if (natsStatistics_Create(&native) != NATS_OK)
    return out;
  if (natsConnection_GetStats(native_, native) == NATS_OK)
    natsStatistics_GetCounts(native, nullptr, &out.bytes_in, nullptr, nullptr, &out.reconnects);
  natsStatistics_Destroy(native);
  return out;
}

std::uint64_t connection::reconnects() const noexcept {
  return statistics().reconnects;
}

publication_mark connection::mark() const noexcept {
  return {reconnects(), shared_->refusals};
}

std::uint64_t connection::continuity() const noexcept {
  // The library changes its status before it tries to reconnect, and counts the reconnect before it reads from the new
  // socket. So the number is odd while disconnected, and larger before the first message after a loss.
  switch (natsConnection_Status(native_)) {
  case NATS_CONN_STATUS_CONNECTED:
  case NATS_CONN_STATUS_DRAINING_SUBS:
  case NATS_CONN_STATUS_DRAINING_PUBS:
    return 2 * reconnects();
  default:
    return 2 * reconnects() + 1;
  }
}

bool connection::was_refused_something() const noexcept {
  const char* unused = nullptr;
  return natsConnection_GetLastError(native_, &unused) == NATS_NOT_PERMITTED;
}

core::expected<void> connection::confirm(publication_mark since, std::chrono::milliseconds timeout) {
  if (auto answered = round_trip(timeout); !answered)
    return answered;
  const auto now = mark();
  if (now.reconnects != since.reconnects || now.reconnects == unknown_count)
    return core::make_error(core::errc::unavailable, "NATS: the connection was lost in between");
  // The library records a refusal as its last error before it handles the PONG, but calls on_error a little later, on
  // another thread. The last error is never reset, so it only shows that it may be necessary to wait for on_error.
  if (!was_refused_something())
    return {};
  for (int waited = 0; waited < refusal_wait_ms && shared_->refusals == since.refusals; ++waited)
    nats_Sleep(1);
  if (shared_->refusals == since.refusals)
    return {};
  auto refused =
    core::make_error(core::errc::forbidden, "NATS: the server does not permit it", detail::error_text(native_));
  if (!may_refuse_publication(refused.detail, shared_->confirmed_subjects))
    refused.detail.clear(); // a later error, of something else
  return refused;
}

core::expected<void> connection::drain(std::chrono::milliseconds timeout) {
  shared_->close_requested = true;
  const auto status = natsConnection_DrainTimeout(native_, timeout.count());
  if (status == NATS_OK)
    return {};
  shared_->close_requested = false;
  return detail::make_nats_error(core::errc::unavailable, "NATS cannot drain", status);
}

void connection::close() noexcept {
  shared_->close_requested = true;
  natsConnection_Close(native_);
}

} // namespace cm::messaging
