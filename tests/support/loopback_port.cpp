#include "loopback_port.hpp"

#include <arpa/inet.h>
#include <fstream>
#include <random>
#include <stdexcept>
#include <sys/socket.h>
#include <unistd.h>

namespace cm::test {

namespace {

constexpr int tries = 1000;
constexpr int first_port = 10'000;
constexpr int usual_client_ports = 32'768;

// The end of the range of ports to choose from: the start of the ephemeral ports.
int end_of_ports() {
  std::ifstream file("/proc/sys/net/ipv4/ip_local_port_range");
  int first = 0;
  return file >> first && first > first_port + 5'000 ? first : usual_client_ports;
}

// A socket of that type bound to the port; -1 if it is taken.
int bound(int type, std::uint16_t port) {
  const int fd = ::socket(AF_INET, type | SOCK_CLOEXEC, 0);
  if (fd < 0)
    throw std::runtime_error("no socket");
  const int on = 1;
  if (type == SOCK_STREAM) // as servers do, so that remains of closed connections do not matter
    ::setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &on, sizeof on);
  const auto address = loopback(port);
  if (::bind(fd, reinterpret_cast<const sockaddr*>(&address), sizeof address) == 0)
    return fd;
  ::close(fd);
  return -1;
}

} // namespace

sockaddr_in loopback(std::uint16_t port) {
  sockaddr_in out{};
  out.sin_family = AF_INET;
  out.sin_port = htons(port);
  out.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  return out;
}

bool accepts_connections(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    throw std::runtime_error("no socket");
  const auto to = loopback(port);
  const bool accepted = ::connect(fd, reinterpret_cast<const sockaddr*>(&to), sizeof to) == 0;
  ::close(fd);
  return accepted;
}

loopback_port::loopback_port() {
  std::random_device random;
  std::uniform_int_distribution<int> any(first_port, end_of_ports() - 1);
  for (int i = 0; i < tries; ++i) {
    const auto port = static_cast<std::uint16_t>(any(random));
    const int mark = bound(SOCK_DGRAM, port);
    if (mark < 0)
      continue;
    // Others than our tests may have a server there.
    if (const int server = bound(SOCK_STREAM, port); server >= 0) {
      ::close(server);
      mark_ = mark;
      number_ = port;
      return;
    }
    ::close(mark);
  }
  throw std::runtime_error("no free port");
}

loopback_port::~loopback_port() {
  ::close(mark_);
}

} // namespace cm::test
