#include "http_load.hpp"

#include <algorithm>
#include <arpa/inet.h>
#include <array>
#include <cerrno>
#include <charconv>
#include <chrono>
#include <cmath>
#include <cstring>
#include <memory>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <optional>
#include <stdexcept>
#include <string_view>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <system_error>
#include <unistd.h>

namespace cm::benchmark {

namespace {

using clock = std::chrono::steady_clock;

constexpr int patience_ms = 30'000;

std::runtime_error failure(const char* what) {
  return std::runtime_error(std::string{what} + ": " + std::generic_category().message(errno));
}

class descriptor {
public:
  explicit descriptor(int fd) : fd_(fd) {}

  descriptor(const descriptor&) = delete;
  descriptor(descriptor&&) = delete;
  descriptor& operator=(const descriptor&) = delete;
  descriptor& operator=(descriptor&&) = delete;

  ~descriptor() { ::close(fd_); }

  [[nodiscard]] int get() const noexcept { return fd_; }

private:
  int fd_;
};

struct connection {
  explicit connection(int fd) : socket(fd) {}

  descriptor socket;
  std::string input;
  clock::time_point due;
};

std::unique_ptr<connection> connect_to(std::uint16_t port) {
  const int fd = ::socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
  if (fd < 0)
    throw failure("socket");
  auto opened = std::make_unique<connection>(fd);
  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(port);
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  if (::connect(fd, reinterpret_cast<const sockaddr*>(&where), sizeof where) != 0)
    throw failure("connect");
  const int on = 1;
  if (::setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &on, sizeof on) != 0)
    throw failure("TCP_NODELAY");
  return opened;
}

// Length and status of the first response in the buffer; nullopt if it is incomplete.
struct answer {
  std::size_t size = 0;
  int status = 0;
};

std::optional<answer> read_answer(std::string_view input) {
  constexpr std::string_view length_name = "\r\nContent-Length: ";
  constexpr std::size_t status_at = sizeof "HTTP/1.1" - 1 + 1;
  const auto end = input.find("\r\n\r\n");
  if (end == std::string_view::npos)
    return std::nullopt;
  const auto head = input.substr(0, end);
  answer found;
  std::size_t length = 0;
  const auto position = head.find(length_name);
  if (position != std::string_view::npos)
    std::from_chars(head.data() + position + length_name.size(), head.data() + head.size(), length);
  if (head.size() > status_at)
    std::from_chars(head.data() + status_at, head.data() + head.size(), found.status);
  if (found.status == 0 || (position == std::string_view::npos && found.status != 204))
    throw std::runtime_error("an answer that cannot be read: " + std::string{head});
  found.size = end + 4 + length;
  if (input.size() < found.size)
    return std::nullopt;
  return found;
}

void append_numbered(std::string& out, std::string_view text, std::uint64_t number) {
  constexpr std::string_view mark = "{n}";
  const auto position = text.find(mark);
  out.append(text.substr(0, position));
  if (position == std::string_view::npos)
    return;
  out.append(std::to_string(number));
  append_numbered(out, text.substr(position + mark.size()), number);
}

class load {
public:
  explicit load(const http_load_settings& settings) : settings_(settings), poll_(::epoll_create1(EPOLL_CLOEXEC)) {
    if (poll_.get() < 0)
      throw failure("epoll_create1");
    for (std::size_t i = 0; i < settings.connections; ++i) {
      connections_.push_back(connect_to(settings.port));
      epoll_event event{};
      event.events = EPOLLIN;
      event.data.ptr = connections_.back().get();
      if (::epoll_ctl(poll_.get(), EPOLL_CTL_ADD, connections_.back()->socket.get(), &event) != 0)
        throw failure("epoll_ctl");
    }
  }

  http_load_result run() {
    begin_ = clock::now();
    for (const auto& client : connections_)
      idle_.push_back(client.get());
    send_due();
    while (in_flight_ > 0 || !over()) {
      std::array<epoll_event, 256> events{};
      const int count = ::epoll_wait(poll_.get(), events.data(), static_cast<int>(events.size()), until_due());
      if (count < 0 && errno != EINTR)
        throw failure("epoll_wait");
      if (count == 0 && in_flight_ > 0 && clock::now() - last_answer_ > std::chrono::milliseconds{patience_ms})
        throw std::runtime_error("no answer for 30 s");
      for (int i = 0; i < count; ++i)
        receive(*static_cast<connection*>(events[static_cast<std::size_t>(i)].data.ptr));
      send_due();
    }
    result_.seconds = std::chrono::duration<double>(last_answer_ - begin_).count();
    std::sort(result_.latencies.begin(), result_.latencies.end());
    return std::move(result_);
  }

private:
  [[nodiscard]] bool over() const {
    if (settings_.requests > 0)
      return sent_ >= settings_.requests;
    return clock::now() - begin_ >= std::chrono::duration<double>(settings_.seconds);
  }

  // When the next request is due.
  [[nodiscard]] clock::time_point next_due() const {
    if (settings_.rate <= 0)
      return begin_;
    const std::chrono::duration<double> after{static_cast<double>(sent_) / settings_.rate};
    return begin_ + std::chrono::duration_cast<clock::duration>(after);
  }

  // For epoll_wait: milliseconds until the next request; 0 (busy waiting) if it is less than a millisecond away.
  [[nodiscard]] int until_due() const {
    if (settings_.rate <= 0 || idle_.empty() || over())
      return in_flight_ > 0 ? patience_ms : 0;
    const auto left = std::chrono::duration_cast<std::chrono::milliseconds>(next_due() - clock::now());
    return std::clamp(static_cast<int>(left.count()), 0, patience_ms);
  }

  void send_due() {
    while (!idle_.empty() && !over()) {
      const auto now = clock::now();
      const auto due = next_due();
      if (due > now)
        return;
      auto& client = *idle_.back();
      idle_.pop_back();
      client.due = settings_.rate > 0 ? due : now;
      send(client);
    }
  }

  void send(connection& client) {
    const auto number = settings_.numbers > 0 ? sent_ % settings_.numbers : sent_;
    text_ = settings_.method;
    text_ += ' ';
    if (settings_.targets.empty())
      append_numbered(text_, settings_.target, number);
    else
      text_ += settings_.targets[sent_ % settings_.targets.size()];
    text_ += " HTTP/1.1\r\nHost: 127.0.0.1\r\nAccept: application/json\r\n";
    if (!settings_.body.empty()) {
      body_.clear();
      append_numbered(body_, settings_.body, number);
      text_ += "Content-Type: application/json\r\nContent-Length: ";
      text_ += std::to_string(body_.size());
      text_ += "\r\n\r\n";
      text_ += body_;
    } else {
      text_ += "\r\n";
    }
    ++sent_;
    ++in_flight_;
    // The socket's send buffer is empty: nothing is in flight on it.
    if (::send(client.socket.get(), text_.data(), text_.size(), MSG_NOSIGNAL) != static_cast<ssize_t>(text_.size()))
      throw failure("send");
  }

  void receive(connection& client) {
    const auto count = ::recv(client.socket.get(), bytes_.data(), bytes_.size(), MSG_DONTWAIT);
    if (count < 0 && (errno == EAGAIN || errno == EINTR))
      return;
    if (count < 0)
      throw failure("recv");
    if (count == 0)
      throw std::runtime_error("the server closed a connection");
    result_.bytes += static_cast<std::uint64_t>(count);
    client.input.append(bytes_.data(), static_cast<std::size_t>(count));
    const auto found = read_answer(client.input);
    if (!found)
      return;
    last_answer_ = clock::now();
    result_.latencies.push_back(std::chrono::duration<float, std::micro>(last_answer_ - client.due).count());
    if (found->status != settings_.expect && result_.unexpected++ == 0)
      result_.first_unexpected = found->status;
    client.input.erase(0, found->size);
    --in_flight_;
    idle_.push_back(&client);
  }

  const http_load_settings& settings_;
  descriptor poll_;
  std::vector<std::unique_ptr<connection>> connections_;
  std::vector<connection*> idle_;
  std::array<char, 65536> bytes_{};
  std::string text_;
  std::string body_;
  clock::time_point begin_;
  clock::time_point last_answer_ = clock::now();
  std::uint64_t sent_ = 0;
  std::size_t in_flight_ = 0;
  http_load_result result_;
};

} // namespace

double http_load_result::quantile(double fraction) const {
  if (latencies.empty())
    return 0;
  const auto rank = std::ceil(fraction * static_cast<double>(latencies.size()));
  return latencies[std::min(latencies.size(), static_cast<std::size_t>(std::max(1.0, rank))) - 1];
}

http_load_result run_http_load(const http_load_settings& settings) {
  return load{settings}.run();
}

} // namespace cm::benchmark
