// A TCP port that is bound and does not listen yet.
#pragma once

#include "core/base/error.hpp"

#include <cstdint>
#include <string>
#include <utility>

namespace cm::http {

/// Connection attempts are refused until an acceptor takes the port and listens. So a port below 1024 can be bound
/// while the process still has the privilege for it, long before it accepts connections. Movable; closes the socket in
/// its destructor. Not thread-safe.
class bound_port {
public:
  /// @param address numeric; empty means all addresses: `::` with IPv4 mapped, or 0.0.0.0 where there is no IPv6
  /// @param port 0: the kernel chooses a free port, see port()
  /// @return errc::invalid (not an IP address), errc::conflict (port in use), errc::forbidden (no permission),
  ///   errc::unavailable (any other failure)
  [[nodiscard]] static core::expected<bound_port> open(const std::string& address, std::uint16_t port);

  bound_port(bound_port&& other) noexcept
    : descriptor_(std::exchange(other.descriptor_, -1)), port_(other.port_), is_v6_(other.is_v6_) {}

  bound_port& operator=(bound_port&& other) noexcept {
    std::swap(descriptor_, other.descriptor_);
    port_ = other.port_;
    is_v6_ = other.is_v6_;
    return *this;
  }

  bound_port(const bound_port&) = delete;
  bound_port& operator=(const bound_port&) = delete;
  ~bound_port();

  [[nodiscard]] std::uint16_t port() const noexcept { return port_; }

  [[nodiscard]] bool is_v6() const noexcept { return is_v6_; }

  /// Passes the socket to the caller, who must close it. To be called once at most.
  [[nodiscard]] int release() noexcept { return std::exchange(descriptor_, -1); }

private:
  bound_port(int descriptor, std::uint16_t port, bool is_v6) noexcept
    : descriptor_(descriptor), port_(port), is_v6_(is_v6) {}

  int descriptor_;
  std::uint16_t port_;
  bool is_v6_;
};

/// The error of a failure to bind a port, or to listen on it.
/// @param address as for bound_port::open()
/// @param number of the error (errno)
[[nodiscard]] core::error cannot_listen(const std::string& address, std::uint16_t port, int number);

} // namespace cm::http
