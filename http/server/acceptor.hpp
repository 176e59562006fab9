// A listening socket that stays open when the handler of its connections stops or is replaced.
#pragma once

#include "core/base/error.hpp"
#include "http/server/bound_port.hpp"
#include "http/server/connection_table.hpp"
#include "http/server/net.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cm::http {

/// An accepted connection. It counts against acceptor_settings::limits until the lease is released.
struct accepted_socket {
  tcp_socket socket;
  std::shared_ptr<connection_lease> lease;
};

struct acceptor_settings {
  /// At the limit of an address, and in total, the connection that has waited for a request the longest is closed for
  /// the new one. If none waits: at the total, new ones wait in the kernel's backlog; at the limit of their address
  /// they are answered 503 and closed.
  connection_limits limits;
  /// Bytes that the kernel may hold of a connection in each direction: what is not read counts for the container's
  /// memory too. 0: the kernel's default, up to megabytes.
  int kernel_buffer = 0;
  std::chrono::milliseconds first_backoff{50}; ///< before the retry of a failed accept; doubles with each failure …
  std::chrono::milliseconds max_backoff{1000}; ///< … up to this
  /// Event loops to which connections are assigned round-robin; empty: the acceptor's own. They must outlive it.
  std::vector<executor_type> loops;
  std::shared_ptr<connection_counters> counters; ///< null: no counting
  /// Called in the io thread: once when accept() starts to fail, and when the handler throws.
  std::function<void(const core::error&)> on_trouble;
};

/// Listens from open() on, so that clients wait in the kernel's backlog instead of being refused before start() or
/// during a pause.
/// Thread safety: all functions may be called from any thread and take effect in the io thread. An acceptor must not
/// outlive its io_context.
class acceptor : public std::enable_shared_from_this<acceptor> {
public:
  using handler = std::function<void(accepted_socket)>;

  /// Listens on a port that was bound before.
  /// @return errc::conflict (another process listens on it meanwhile), errc::unavailable (any other failure)
  [[nodiscard]] static core::expected<std::shared_ptr<acceptor>> open(net::io_context& io, bound_port bound,
                                                                      acceptor_settings settings = {});

  /// Binds the port and listens. Parameters and errors are those of bound_port::open().
  [[nodiscard]] static core::expected<std::shared_ptr<acceptor>>
  open(net::io_context& io, const std::string& address, std::uint16_t port, acceptor_settings settings = {});

  acceptor(const acceptor&) = delete;
  acceptor(acceptor&&) = delete;
  acceptor& operator=(const acceptor&) = delete;
  acceptor& operator=(acceptor&&) = delete;
  ~acceptor() = default;

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  /// Passes every accepted connection to `on_accept`, in the acceptor's io thread. A second call replaces the handler.
  void start(handler on_accept);

  /// Stops accepting and drops the handler; the socket keeps listening. start() resumes.
  void pause();

  /// Accepts and hands over every connection that is already in the backlog, even beyond the limits (none when
  /// paused), closes the socket, and calls `on_stopped` in the io thread. A second call only calls `on_stopped`.
  void stop(std::function<void()> on_stopped = {});

private:
  acceptor(net::io_context& io, tcp_acceptor listening, acceptor_settings settings);

  void accept();
  void on_accepted(boost::system::error_code ec, tcp_socket socket);
  void take_waiting();
  [[nodiscard]] bool take(tcp_socket& socket);
  void wait_for_place();
  void hand_over(tcp_socket socket, std::shared_ptr<connection_lease> place);
  void on_released(const std::shared_ptr<connection_lease>& place);
  void show_counts();
  void back_off(boost::system::error_code ec);
  void drain_backlog();
  [[nodiscard]] const executor_type& next_loop() noexcept;

  executor_type executor_;
  tcp_acceptor listening_;
  steady_timer retry_;
  acceptor_settings settings_;
  handler on_accept_;
  std::chrono::milliseconds backoff_{};
  connection_table table_;
  std::uint64_t evictions_ = 0;     ///< shown in the counters
  std::deque<tcp_socket> waiting_;  ///< accepted while no handler was set, or while there was no place; a few at most
  std::size_t next_loop_index_ = 0; ///< round-robin position in settings_.loops
  std::uint16_t port_ = 0;
  bool accepting_ = false; ///< an async_accept or a pause is pending
};

} // namespace cm::http
