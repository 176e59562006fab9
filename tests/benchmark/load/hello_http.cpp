// The baseline for REST: a minimal Beast server. hello_http PORT [THREADS]
// Answers every request with the same 200 bytes of JSON and parses only the header. Each thread has its own loop and
// connections; buffers are reused, a response is one write.
#include <boost/asio/io_context.hpp>
#include <boost/asio/ip/tcp.hpp>
#include <boost/asio/post.hpp>
#include <boost/asio/write.hpp>
#include <boost/beast/core/flat_buffer.hpp>
#include <boost/beast/http/empty_body.hpp>
#include <boost/beast/http/parser.hpp>
#include <boost/beast/http/read.hpp>

#include <charconv>
#include <cstdint>
#include <cstring>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <thread>
#include <utility>
#include <vector>

namespace {

namespace asio = boost::asio;
namespace beast = boost::beast;
using asio::ip::tcp;
using boost::system::error_code;

// The complete response to a GET of one token.
const std::string& answer() {
  static const std::string text = [] {
    const std::string body = R"({"endpointTokenId":"0192f0a0-0000-7000-8000-000000000001","status":"Active",)"
                             R"("applicationName":"smart_kettle","createdDate":"2026-11-22T14:17:00.000Z",)"
                             R"("updateDate":"2026-11-22T14:18:00.000Z"})";
    return "HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: " + std::to_string(body.size())
           + "\r\nConnection: keep-alive\r\n\r\n" + body;
  }();
  return text;
}

class session : public std::enable_shared_from_this<session> {
public:
  explicit session(tcp::socket socket) : socket_(std::move(socket)) {}

  void read() {
    parser_.emplace();
    beast::http::async_read_header(socket_, input_, *parser_,
                                   [self = shared_from_this()](error_code ec, std::size_t) { self->on_read(ec); });
  }

private:
  void on_read(error_code ec) {
    if (ec)
      return;
    asio::async_write(socket_, asio::buffer(answer()), [self = shared_from_this()](error_code failed, std::size_t) {
      if (!failed)
        self->read();
    });
  }

  tcp::socket socket_;
  beast::flat_buffer input_;
  std::optional<beast::http::request_parser<beast::http::empty_body>> parser_;
};

// Accepts connections and assigns them to the loops round-robin.
class listener {
public:
  listener(asio::io_context& io, std::uint16_t port, std::vector<std::unique_ptr<asio::io_context>>& loops)
    : acceptor_(io, tcp::endpoint{asio::ip::address_v4::loopback(), port}), loops_(loops) {}

  void accept() {
    auto& loop = *loops_[next_++ % loops_.size()];
    acceptor_.async_accept(loop, [this, &loop](error_code ec, tcp::socket socket) {
      if (!ec) {
        socket.set_option(tcp::no_delay{true});
        asio::post(loop, [accepted = std::make_shared<session>(std::move(socket))] { accepted->read(); });
      }
      accept();
    });
  }

private:
  tcp::acceptor acceptor_;
  std::vector<std::unique_ptr<asio::io_context>>& loops_;
  std::size_t next_ = 0;
};

std::optional<unsigned> number(const char* text) {
  unsigned value = 0;
  const char* end = text + std::strlen(text);
  const auto read = std::from_chars(text, end, value);
  if (read.ec != std::errc{} || read.ptr != end)
    return std::nullopt;
  return value;
}

} // namespace

int main(int argc, char** argv) {
  constexpr unsigned max_threads = 64;
  constexpr unsigned max_ports = 65535;
  const auto port = argc > 1 ? number(argv[1]) : std::nullopt;
  const auto threads = argc > 2 ? number(argv[2]) : 1U;
  if (argc > 3 || !port || *port > max_ports || !threads || *threads == 0 || *threads > max_threads) {
    std::cerr << "usage: hello_http PORT [THREADS]\n";
    return 64;
  }
  try {
    std::vector<std::unique_ptr<asio::io_context>> loops;
    for (unsigned i = 0; i < *threads; ++i)
      loops.push_back(std::make_unique<asio::io_context>(1));
    listener all{*loops.front(), static_cast<std::uint16_t>(*port), loops};
    all.accept();
    std::vector<asio::executor_work_guard<asio::io_context::executor_type>> guards;
    std::vector<std::jthread> others;
    for (std::size_t i = 1; i < loops.size(); ++i) {
      guards.push_back(asio::make_work_guard(*loops[i]));
      others.emplace_back([&loop = *loops[i]] { loop.run(); });
    }
    loops.front()->run();
  } catch (const std::exception& e) {
    std::cerr << "hello_http: " << e.what() << "\n";
    return 1;
  }
}
