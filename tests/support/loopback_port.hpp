// Finds a free loopback port for a server that a test starts, and connects to it.
#pragma once

#include <cstdint>
#include <netinet/in.h>

namespace cm::test {

/// 127.0.0.1:port.
[[nodiscard]] sockaddr_in loopback(std::uint16_t port);

/// Whether something accepts connections there.
[[nodiscard]] bool accepts_connections(std::uint16_t port);

/// A port on which nobody listens, the object's as long as it lives, against all other tests on the machine: the UDP
/// port of the same number is bound, which nobody else here uses, so that the kernel keeps the book. Chosen below the
/// ports that the kernel gives to clients, of which any connection could take one for itself while the server is away.
/// The counterpart of ports.mjs.
class loopback_port {
public:
  /// Throws std::runtime_error if there is none.
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
