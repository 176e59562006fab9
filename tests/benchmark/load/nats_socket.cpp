#include "nats_socket.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <ctime>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace cm::benchmark {

namespace {

constexpr std::int64_t second = 1'000'000'000;
constexpr std::int64_t handshake = 5 * second;

[[noreturn]] void fail(const char* what, int error = errno) {
  throw std::runtime_error(std::string(what) + ": " + std::system_category().message(error));
}

std::string quoted(std::string_view text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + '"';
}

} // namespace

std::int64_t monotonic_ns() noexcept {
  timespec now{};
  clock_gettime(CLOCK_MONOTONIC, &now);
  return std::int64_t{now.tv_sec} * second + now.tv_nsec;
}

nats_socket::nats_socket(const nats_address& address) {
  sockaddr_in to{};
  to.sin_family = AF_INET;
  to.sin_port = htons(address.port);
  if (inet_pton(AF_INET, address.host.c_str(), &to.sin_addr) != 1)
    throw std::runtime_error("not an IPv4 address: " + address.host);
  fd_ = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd_ < 0)
    fail("socket");
  // The send timeout limits the blocking connect; afterwards the socket is non-blocking.
  const timeval bound{5, 0};
  const int yes = 1;
  setsockopt(fd_, SOL_SOCKET, SO_SNDTIMEO, &bound, sizeof bound);
  setsockopt(fd_, IPPROTO_TCP, TCP_NODELAY, &yes, sizeof yes);
  if (connect(fd_, reinterpret_cast<const sockaddr*>(&to), sizeof to) != 0) {
    const int error = errno;
    close(fd_);
    fail("connect to nats-server", error);
  }
  // Without headers the server cannot report a subject without subscribers: such a request has a missing answer.
  append("CONNECT {\"verbose\":false,\"pedantic\":false,\"tls_required\":false,\"name\":\"nats_load\",\"lang\":\"c++\","
         "\"version\":\"1\",\"protocol\":1,\"headers\":false,\"user\":"
         + quoted(address.username) + ",\"pass\":" + quoted(address.password) + "}\r\n");
  try {
    expect_pong();
  } catch (...) {
    close(fd_);
    throw;
  }
}

nats_socket::~nats_socket() {
  close(fd_);
}

void nats_socket::subscribe(std::string_view subject) {
  append("SUB " + std::string(subject) + " 1\r\n");
  expect_pong();
}

void nats_socket::expect_pong() {
  append("PING\r\n");
  ponged_ = false;
  for (const auto end = monotonic_ns() + handshake; !ponged_;) {
    if (monotonic_ns() > end)
      throw std::runtime_error("nats-server does not answer");
    flush();
    wait(end);
    receive();
    parse([](std::string_view, std::string_view) {});
  }
}

void nats_socket::flush() {
  while (out_begin_ < out_end_) {
    const auto sent = send(fd_, out_.data() + out_begin_, out_end_ - out_begin_, MSG_DONTWAIT | MSG_NOSIGNAL);
    if (sent < 0) {
      if (errno == EINTR)
        continue;
      if (errno != EAGAIN && errno != EWOULDBLOCK)
        fail("send to nats-server");
      std::memmove(out_.data(), out_.data() + out_begin_, out_end_ - out_begin_);
      out_end_ -= out_begin_;
      out_begin_ = 0;
      return;
    }
    out_begin_ += static_cast<std::size_t>(sent);
  }
  out_begin_ = out_end_ = 0;
}

void nats_socket::wait(std::int64_t until) const {
  const auto left = std::max<std::int64_t>(0, until - monotonic_ns());
  const timespec timeout{static_cast<time_t>(left / second), static_cast<long>(left % second)};
  pollfd polled{fd_, static_cast<short>(out_begin_ < out_end_ ? POLLIN | POLLOUT : POLLIN), 0};
  if (ppoll(&polled, 1, &timeout, nullptr) < 0 && errno != EINTR)
    fail("poll");
}

bool nats_socket::receive() {
  if (in_begin_ == in_end_) {
    in_begin_ = in_end_ = 0;
  } else if (in_.size() - in_end_ < max_payload) {
    std::memmove(in_.data(), in_.data() + in_begin_, in_end_ - in_begin_);
    in_end_ -= in_begin_;
    in_begin_ = 0;
  }
  const auto got = recv(fd_, in_.data() + in_end_, in_.size() - in_end_, MSG_DONTWAIT);
  if (got > 0) {
    in_end_ += static_cast<std::size_t>(got);
    return true;
  }
  if (got == 0)
    throw std::runtime_error("nats-server closed the connection");
  if (errno != EAGAIN && errno != EWOULDBLOCK && errno != EINTR)
    fail("receive from nats-server");
  return false;
}

void nats_socket::control(std::string_view line) {
  if (line.starts_with("PING"))
    append("PONG\r\n");
  else if (line.starts_with("PONG"))
    ponged_ = true;
  else if (line.starts_with("-ERR"))
    throw std::runtime_error("nats-server: " + std::string(line.substr(0, line.find('\r'))));
  else if (!line.starts_with("INFO") && !line.starts_with("+OK"))
    throw std::runtime_error("a line that is not of NATS");
}

} // namespace cm::benchmark
