// A listening socket that outlives whoever handles its connections.
#pragma once

#include "core/base/error.hpp"
#include "http/server/net.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cm::http {

/// A connection from the backlog. The lease counts it against the port's limit until it is let go.
struct accepted_socket {
  tcp_socket socket;
  std::shared_ptr<void> lease;
};

struct acceptor_settings {
  std::size_t max_connections = 10000;         ///< beyond it, connections wait in the kernel's backlog
  std::chrono::milliseconds first_backoff{50}; ///< out of file descriptors or memory: doubling …
  std::chrono::milliseconds max_backoff{1000}; ///< … up to this
  /// The loops that connections live on, in turn; none: that of the acceptor. They must outlive it.
  std::vector<executor_type> loops;
  std::function<void(const core::error&)> on_trouble; ///< io thread; once when accepting begins to fail
};

/// Bound and listening from open() on, so that clients wait rather than being refused while nobody accepts.
/// The functions may be called from any thread while the io_context exists, which an acceptor must not outlive; they
/// take effect in its thread.
class acceptor : public std::enable_shared_from_this<acceptor> {
public:
  using handler = std::function<void(accepted_socket)>;

  /// @param address numeric; empty means all addresses: `::` with IPv4 mapped, or 0.0.0.0 where there is no IPv6
  /// @param port 0: any free one, see port()
  /// @return errc::invalid (no such address), errc::conflict (port taken), errc::forbidden (not permitted),
  ///   errc::unavailable (anything else)
  [[nodiscard]] static core::expected<std::shared_ptr<acceptor>>
  open(net::io_context& io, const std::string& address, std::uint16_t port, acceptor_settings settings = {});

  acceptor(const acceptor&) = delete;
  acceptor(acceptor&&) = delete;
  acceptor& operator=(const acceptor&) = delete;
  acceptor& operator=(acceptor&&) = delete;
  ~acceptor() = default;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Hands every connection to `on_accept`, in the acceptor's io thread. A second call replaces the handler.
  void start(handler on_accept);

  /// Stops accepting; the socket goes on listening and the handler is let go. start() resumes.
  void pause();

  /// Hands over everything that waits in the backlog already (beyond the limit of connections too; nothing when
  /// paused), closes, and calls `on_stopped` in the io thread. A second call only calls back.
  void stop(std::function<void()> on_stopped = {});

private:
  acceptor(net::io_context& io, tcp_acceptor listening, acceptor_settings settings);

  void accept();
  void on_accepted(boost::system::error_code ec, tcp_socket socket);
  void hand_over(tcp_socket socket);
  void on_released();
  void back_off(boost::system::error_code ec);
  void drain_backlog();
  [[nodiscard]] const executor_type& next_loop() noexcept;
  [[nodiscard]] bool may_accept() const noexcept;

  executor_type executor_;
  tcp_acceptor listening_;
  steady_timer retry_;
  acceptor_settings settings_;
  handler on_accept_;
  std::vector<tcp_socket> parked_; ///< accepted, but nobody was there to take them
  std::chrono::milliseconds backoff_{};
  std::size_t connections_ = 0;
  std::size_t turn_ = 0; ///< of the loops
  std::uint16_t port_ = 0;
  bool accepting_ = false; // an async_accept or a back-off is under way
};

} // namespace cm::http
