// An HTTP server for the tests of clients, which answers by a script.
#pragma once

#include "http/server/net.hpp"

#include <boost/asio/read_until.hpp>
#include <boost/asio/write.hpp>

#include <atomic>
#include <functional>
#include <mutex>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace cm::test {

namespace net = boost::asio;
using http::tcp_acceptor;
using http::tcp_socket;

/// A server whose responses are computed by a function of the target; an empty response closes the connection.
class scripted_server {
public:
  using script = std::function<std::string(const std::string& target)>;

  explicit scripted_server(script answers)
    : answers_(std::move(answers)), listening_(io_, {net::ip::make_address("127.0.0.1"), 0}),
      url_("http://127.0.0.1:" + std::to_string(listening_.local_endpoint().port())), thread_([this] { serve(); }) {}

  ~scripted_server() {
    stopping_ = true;
    boost::system::error_code ec;
    tcp_socket wake{io_.get_executor()};
    wake.connect(listening_.local_endpoint(), ec);
    wake.close(ec);
    thread_.join();
  }

  scripted_server(const scripted_server&) = delete;
  scripted_server& operator=(const scripted_server&) = delete;

  [[nodiscard]] const std::string& url() const { return url_; }

  [[nodiscard]] std::vector<std::string> requests() {
    const std::lock_guard lock{guard_};
    return requests_;
  }

  [[nodiscard]] int connections() const { return connections_; }

private:
  void serve() {
    for (;;) {
      boost::system::error_code ec;
      tcp_socket socket{io_.get_executor()};
      listening_.accept(socket, ec);
      if (stopping_)
        return;
      ++connections_;
      std::string buffer;
      while (!ec) {
        const auto length = net::read_until(socket, net::dynamic_buffer(buffer), "\r\n\r\n", ec);
        if (ec)
          break;
        const auto target = buffer.substr(4, buffer.find(' ', 4) - 4);
        {
          const std::lock_guard lock{guard_};
          requests_.push_back(buffer.substr(0, length));
        }
        buffer.erase(0, length);
        const auto answer = answers_(target);
        if (answer.empty())
          break;
        net::write(socket, net::buffer(answer), ec);
      }
    }
  }

  script answers_;
  net::io_context io_;
  tcp_acceptor listening_;
  std::string url_;
  std::atomic<bool> stopping_ = false;
  std::atomic<int> connections_ = 0;
  std::mutex guard_;
  std::vector<std::string> requests_;
  std::thread thread_;
};

} // namespace cm::test
