#include "cut_proxy.hpp"

#include "loopback_port.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <chrono>
#include <netinet/in.h>
#include <poll.h>
#include <stdexcept>
#include <string_view>
#include <sys/socket.h>
#include <unistd.h>
#include <utility>

namespace cm::test {

namespace {

constexpr int poll_ms = 20;

bool send_all(int socket, std::string_view data) {
  while (!data.empty()) {
    const auto sent = ::send(socket, data.data(), data.size(), MSG_NOSIGNAL);
    if (sent <= 0)
      return false;
    data.remove_prefix(static_cast<std::size_t>(sent));
  }
  return true;
}

} // namespace

cut_proxy::cut_proxy(std::uint16_t target)
  : target_(target), listener_(::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
  auto address = loopback(0);
  socklen_t size = sizeof address;
  if (::bind(listener_, reinterpret_cast<const sockaddr*>(&address), size) != 0 || ::listen(listener_, 16) != 0
      || ::getsockname(listener_, reinterpret_cast<sockaddr*>(&address), &size) != 0)
    throw std::runtime_error("the proxy cannot listen");
  port_ = ntohs(address.sin_port);
  thread_ = std::thread([this] { serve(); });
}

cut_proxy::~cut_proxy() {
  stop_ = true;
  thread_.join();
  for (const auto& ends : pairs_) {
    ::close(ends.client);
    ::close(ends.server);
  }
  ::close(listener_);
}

void cut_proxy::arm(std::string text, moment when, std::function<void()> meanwhile) {
  const std::lock_guard lock(mutex_);
  meanwhile_ = std::move(meanwhile);
  text_ = std::move(text);
  when_ = when;
  fired_ = false;
}

void cut_proxy::reject(std::string text) {
  const std::lock_guard lock(mutex_);
  rejected_ = std::move(text);
}

bool cut_proxy::rejects(std::string_view data) {
  const std::lock_guard lock(mutex_);
  return !rejected_.empty() && data.find(rejected_) != std::string_view::npos;
}

// Ten pieces a second. @return false: the connection has ended
bool cut_proxy::trickle(int socket, std::string_view data) const {
  while (!data.empty() && !stop_) {
    const unsigned rate = rate_;
    const auto piece = rate == 0 ? data.size() : std::min<std::size_t>(data.size(), std::max(1U, rate / 10));
    if (!send_all(socket, data.substr(0, piece)))
      return false;
    data.remove_prefix(piece);
    if (rate != 0)
      std::this_thread::sleep_for(std::chrono::milliseconds{100});
  }
  return true;
}

void cut_proxy::serve() {
  while (!stop_) {
    std::vector<pollfd> watched{{listener_, POLLIN, 0}};
    for (const auto& ends : pairs_) {
      watched.push_back({ends.client, POLLIN, 0});
      watched.push_back({ends.server, POLLIN, 0});
    }
    if (::poll(watched.data(), watched.size(), poll_ms) <= 0)
      continue;
    std::vector<pair> kept;
    for (std::size_t i = 0; i < pairs_.size(); ++i) {
      auto& ends = pairs_[i];
      bool alive = watched[1 + 2 * i].revents == 0 || from_client(ends);
      alive = alive && (watched[2 + 2 * i].revents == 0 || from_server(ends));
      if (alive) {
        kept.push_back(ends);
      } else {
        ::close(ends.client);
        ::close(ends.server);
      }
    }
    pairs_ = std::move(kept);
    if (watched[0].revents != 0)
      accept_one();
  }
}

void cut_proxy::accept_one() {
  pair ends;
  ends.client = ::accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
  ends.server = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  const auto address = loopback(target_);
  if (::connect(ends.server, reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) {
    ::close(ends.client);
    ::close(ends.server);
    return;
  }
  pairs_.push_back(ends);
}

bool cut_proxy::armed_for(std::string_view data, moment& when) {
  const std::lock_guard lock(mutex_);
  if (text_.empty() || data.find(text_) == std::string_view::npos)
    return false;
  text_.clear();
  when = when_;
  return true;
}

bool cut_proxy::from_client(pair& ends) {
  std::array<char, 65536> buffer{};
  const auto got = ::recv(ends.client, buffer.data(), buffer.size(), 0);
  if (got <= 0)
    return false;
  const std::string_view data{buffer.data(), static_cast<std::size_t>(got)};
  auto when = moment::before;
  if (rejects(data))
    return false;
  if (armed_for(data, when)) {
    fired_ = when != moment::after;
    if (when == moment::before)
      return false;
    ends.drop_answer = when == moment::after;
    ends.silent = when == moment::silent;
  }
  return ends.silent || send_all(ends.server, data);
}

bool cut_proxy::from_server(pair& ends) {
  std::array<char, 65536> buffer{};
  const auto got = ::recv(ends.server, buffer.data(), buffer.size(), 0);
  if (got <= 0)
    return false;
  if (ends.drop_answer) {
    std::function<void()> meanwhile;
    {
      const std::lock_guard lock(mutex_);
      meanwhile = std::exchange(meanwhile_, {});
    }
    if (meanwhile)
      meanwhile();
    fired_ = true;
    return false;
  }
  return ends.silent || trickle(ends.client, {buffer.data(), static_cast<std::size_t>(got)});
}

} // namespace cm::test
