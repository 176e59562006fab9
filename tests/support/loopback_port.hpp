// Finds a free loopback port for a server that a test starts, and connects to it.
#pragma once

#include <cstdint>
#include <netinet/in.h>

namespace cm::test {

/// 127.0.0.1:port.
[[nodiscard]] sockaddr_in loopback(std::uint16_t port);

/// Whether the port accepts connections.
[[nodiscard]] bool accepts_connections(std::uint16_t port);

/// Reserves an unused port against all other tests on the machine for the lifetime of the object, by binding the UDP
/// port of the same number, which has no other use here. Chosen below the kernel's ephemeral ports, any of which an
/// outgoing connection could occupy while the server is down. The counterpart of ports.mjs.
class loopback_port {
public:
  /// Throws std::runtime_error if there is no free port.
  loopback_port();
  ~loopback_port();
  loopback_port(const loopback_port&) = delete;
  loopback_port& operator=(const loopback_port&) = delete;

  [[nodiscard]] std::uint16_t number() const noexcept { return number_; }

private:
  int mark_ = -1;
  std::uint16_t number_ = 0;
};

} // namespace cm::test
