// A server as an actor would run it, and a client that sends and receives raw bytes.
#pragma once

#include "catch.hpp"
#include "http/server/acceptor.hpp"
#include "http/server/connection.hpp"

#include <boost/asio/buffer.hpp>
#include <boost/asio/connect.hpp>
#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/write.hpp>

#include <array>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <string_view>
#include <sys/socket.h>
#include <thread>
#include <utility>
#include <vector>

namespace cm::test {

using namespace std::chrono_literals;

/// How long a test waits for something that must happen.
inline constexpr auto patience = 10s;

/// Passes values from one thread to another.
template <class T>
class mailbox {
public:
  void put(T value) {
    const std::lock_guard lock{mutex_};
    values_.push_back(std::move(value));
    changed_.notify_all();
  }

  T take() {
    std::unique_lock lock{mutex_};
    if (!changed_.wait_for(lock, patience, [this] { return !values_.empty(); }))
      throw std::runtime_error("nothing came");
    T first = std::move(values_.front());
    values_.pop_front();
    return first;
  }

  bool stays_empty(std::chrono::milliseconds time) {
    std::unique_lock lock{mutex_};
    return !changed_.wait_for(lock, time, [this] { return !values_.empty(); });
  }

  std::size_t size() {
    const std::lock_guard lock{mutex_};
    return values_.size();
  }

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  std::deque<T> values_;
};

using exchange_ptr = std::shared_ptr<http::exchange>;
using connection_ptr = std::shared_ptr<http::connection>;

/// Repeats the request: "POST /x hello".
inline http::response echo(const http::request& request) {
  http::response result;
  result.content_type = "text/plain";
  result.body = std::string{http::to_string(request.verb())} + " " + std::string{request.target()};
  if (!request.body().empty())
    result.body.append(" ").append(request.body());
  return result;
}

class server {
  http::net::io_context io_{1}; // first member: destroyed after everything that uses it

public:
  std::shared_ptr<http::connection_settings> settings = std::make_shared<http::connection_settings>();
  http::acceptor_settings accepting;
  /// Called in the io thread. The default answers with echo().
  std::function<void(exchange_ptr)> on_request = [](const exchange_ptr& open) { open->respond(echo(open->request())); };
  std::function<http::body_policy(const http::request_head&)> policy;
  mailbox<connection_ptr> connections;
  mailbox<int> closed;
  mailbox<http::refusal> refusals;

  server() { settings->drain_linger = 100ms; }

  server(const server&) = delete;
  server& operator=(const server&) = delete;

  ~server() { stop_thread(); }

  void open() {
    auto opened = http::acceptor::open(io_, "127.0.0.1", 0, accepting);
    REQUIRE(opened.has_value());
    acceptor_ = *opened;
    thread_ = std::thread{[this] { io_.run(); }};
  }

  void start() {
    open();
    accept();
  }

  void accept() {
    acceptor_->start([this](http::accepted_socket accepted) {
      auto created =
        http::connection::create(std::move(accepted), settings,
                                 {on_request, [this] { closed.put(1); }, policy,
                                  [this](const http::refusal& refused) { refusals.put(refused); }, nullptr});
      created->start();
      connections.put(std::move(created));
    });
  }

  http::acceptor& listening() { return *acceptor_; }

  std::uint16_t port() { return acceptor_->port(); }

  void stop_thread() {
    guard_.reset();
    io_.stop();
    if (thread_.joinable())
      thread_.join();
  }

  /// Runs `action` in the io thread and waits for it.
  void in_io_thread(const std::function<void()>& action) {
    mailbox<int> done;
    boost::asio::post(io_, [&] {
      action();
      done.put(1);
    });
    done.take();
  }

private:
  boost::asio::executor_work_guard<http::executor_type> guard_{io_.get_executor()};
  std::shared_ptr<http::acceptor> acceptor_;
  std::thread thread_;
};

/// A received response.
struct reply {
  int status = 0;
  std::string head; // including the final empty line
  std::string body;

  [[nodiscard]] bool has(std::string_view header_line) const {
    return head.find("\r\n" + std::string{header_line} + "\r\n") != std::string::npos;
  }
};

class client {
public:
  explicit client(std::uint16_t port) : socket_(io_) {
    socket_.connect({http::net::ip::make_address("127.0.0.1"), port});
    // A read that never ends would hang the test.
    const timeval limit{std::chrono::duration_cast<std::chrono::seconds>(patience).count(), 0};
    ::setsockopt(socket_.native_handle(), SOL_SOCKET, SO_RCVTIMEO, &limit, sizeof limit);
  }

  void send(std::string_view bytes) { boost::asio::write(socket_, boost::asio::buffer(bytes)); }

  /// Reads one response with a body of Content-Length bytes; without a body for HEAD.
  reply receive(bool head_only = false) {
    reply result;
    while (pending_.find("\r\n\r\n") == std::string::npos)
      REQUIRE(read_more());
    const std::size_t end = pending_.find("\r\n\r\n") + 4;
    result.head = pending_.substr(0, end);
    pending_.erase(0, end);
    result.status = std::stoi(result.head.substr(9, 3));
    const std::size_t at = result.head.find("Content-Length: ");
    if (at == std::string::npos || head_only)
      return result;
    const std::size_t length = std::stoul(result.head.substr(at + 16));
    while (pending_.size() < length)
      REQUIRE(read_more());
    result.body = pending_.substr(0, length);
    pending_.erase(0, length);
    return result;
  }

  /// The bytes of the next chunk; empty for the last one. Fails the test if the connection ends earlier.
  std::string receive_chunk() {
    while (pending_.find("\r\n") == std::string::npos)
      REQUIRE(read_more());
    const std::size_t start = pending_.find("\r\n") + 2;
    const std::size_t size = std::stoul(pending_, nullptr, 16);
    while (pending_.size() < start + size + 2)
      REQUIRE(read_more());
    REQUIRE(pending_.compare(start + size, 2, "\r\n") == 0);
    std::string chunk = pending_.substr(start, size);
    pending_.erase(0, start + size + 2);
    return chunk;
  }

  /// Reads one complete response with a chunked body.
  reply receive_chunked() {
    reply result = receive(true);
    REQUIRE(result.has("Transfer-Encoding: chunked"));
    for (std::string chunk = receive_chunk(); !chunk.empty(); chunk = receive_chunk())
      result.body.append(chunk);
    return result;
  }

  /// Sends what the kernel accepts without blocking.
  std::size_t send_some(std::string_view bytes) {
    const auto sent = ::send(socket_.native_handle(), bytes.data(), bytes.size(), MSG_DONTWAIT | MSG_NOSIGNAL);
    return sent < 0 ? 0 : static_cast<std::size_t>(sent);
  }

  /// Whether the server resets the connection, which shows that the response is incomplete.
  bool sees_reset() {
    while (read_more()) {
    }
    return !ended_ && errno == ECONNRESET;
  }

  /// Ends the connection like a killed process with unread bytes: with a reset.
  void reset() {
    socket_.set_option(http::net::socket_base::linger{true, 0});
    socket_.close();
  }

  [[nodiscard]] std::uint16_t port() const { return socket_.local_endpoint().port(); }

  [[nodiscard]] std::uint16_t server_port() const { return socket_.remote_endpoint().port(); }

  /// Whether the server closes the connection without sending more bytes.
  bool sees_end() {
    while (read_more()) {
    }
    return ended_ && pending_.empty();
  }

  void close() { socket_.close(); }

  void shutdown_send() { socket_.shutdown(http::tcp::socket::shutdown_send); }

  [[nodiscard]] std::string_view pending() const { return pending_; }

private:
  bool read_more() {
    std::array<char, 65536> piece{};
    const auto got = ::recv(socket_.native_handle(), piece.data(), piece.size(), 0);
    ended_ = got == 0;
    if (got <= 0)
      return false;
    pending_.append(piece.data(), static_cast<std::size_t>(got));
    return true;
  }

  http::net::io_context io_{1};
  http::tcp_socket socket_;
  std::string pending_;
  bool ended_ = false;
};

inline std::string get(std::string_view target, std::string_view headers = {}) {
  return "GET " + std::string{target} + " HTTP/1.1\r\nHost: cm\r\n" + std::string{headers} + "\r\n";
}

inline std::string post(std::string_view target, std::string_view body, std::string_view headers = {}) {
  return "POST " + std::string{target} + " HTTP/1.1\r\nHost: cm\r\nContent-Length: " + std::to_string(body.size())
         + "\r\n" + std::string{headers} + "\r\n" + std::string{body};
}

} // namespace cm::test
