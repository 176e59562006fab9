#include "catch.hpp"
#include "client/self_signed.hpp"
#include "http/client/http_client.hpp"
#include "scripted_server.hpp"

#include <boost/asio/ssl/context.hpp>
#include <boost/asio/ssl/stream.hpp>

#include <array>
#include <atomic>
#include <fcntl.h>
#include <functional>
#include <poll.h>
#include <span>
#include <stdexcept>
#include <string>
#include <thread>
#include <unistd.h>

using namespace cm::http;
using namespace std::chrono_literals;
using cm::core::errc;
using cm::test::scripted_server;

namespace {

constexpr auto patience = 10s;

auto in_time() {
  return http_client::clock::now() + patience;
}

client_settings settings_for(const std::string& url, bool keep_alive = false) {
  return {.server = *parse_server_address(url), .keep_alive = keep_alive};
}

std::string ok(const std::string& body) {
  return "HTTP/1.1 200 OK\r\nContent-Length: " + std::to_string(body.size()) + "\r\n\r\n" + body;
}

/// Serves one connection with a function, in a thread of its own.
class single_server {
public:
  explicit single_server(std::function<void(tcp_socket&)> serve)
    : listening_(io_, {net::ip::make_address("127.0.0.1"), 0}), thread_([this, serve = std::move(serve)] {
        tcp_socket socket{io_.get_executor()};
        boost::system::error_code ec;
        listening_.accept(socket, ec);
        if (!ec)
          serve(socket);
      }) {}

  single_server(const single_server&) = delete;
  single_server& operator=(const single_server&) = delete;

  ~single_server() { thread_.join(); }

  [[nodiscard]] std::string url() const {
    return "http://127.0.0.1:" + std::to_string(listening_.local_endpoint().port());
  }

private:
  net::io_context io_;
  tcp_acceptor listening_;
  std::thread thread_;
};

/// Reads until `end` was received; returns what came before it and `end` itself.
std::string receive(tcp_socket& from, std::string& buffer, const std::string& end) {
  boost::system::error_code ec;
  const auto length = net::read_until(from, net::dynamic_buffer(buffer), end, ec);
  auto result = buffer.substr(0, length);
  buffer.erase(0, length);
  return result;
}

void reply(tcp_socket& to, const std::string& bytes) {
  boost::system::error_code ec;
  net::write(to, net::buffer(bytes), ec);
}

/// A body from a pipe.
class pipe_source final : public body_source {
public:
  explicit pipe_source(const std::string& begin) {
    if (::pipe(ends_.data()) != 0)
      throw std::runtime_error("no pipe");
    write(begin);
  }

  pipe_source(const pipe_source&) = delete;
  pipe_source& operator=(const pipe_source&) = delete;

  ~pipe_source() override {
    ::close(ends_[0]);
    finish();
  }

  void write(const std::string& bytes) { CHECK(::write(ends_[1], bytes.data(), bytes.size()) >= 0); }

  void finish() {
    if (ends_[1] >= 0)
      ::close(ends_[1]);
    ends_[1] = -1;
  }

  [[nodiscard]] bool is_ready() const override {
    pollfd watched{ends_[0], POLLIN, 0};
    return ::poll(&watched, 1, 0) > 0;
  }

  [[nodiscard]] cm::core::expected<std::size_t> read(std::span<char> into) override {
    ++reads_;
    return static_cast<std::size_t>(::read(ends_[0], into.data(), into.size()));
  }

  [[nodiscard]] int descriptor() const noexcept override { return ends_[0]; }

  [[nodiscard]] int reads() const { return reads_; }

private:
  std::array<int, 2> ends_{-1, -1};
  int reads_ = 0;
};

bool discard(std::string_view /*bytes*/) {
  return true;
}

} // namespace

TEST_CASE("a request has the prefix of the server, the fields of the caller, and its body") {
  std::string seen;
  single_server server{[&](tcp_socket& socket) {
    std::string buffer;
    seen = receive(socket, buffer, "BODY");
    reply(socket, "HTTP/1.1 201 Created\r\nRetry-After: 7\r\nContent-Length: 2\r\n\r\nit");
  }};
  http_client client{settings_for(server.url() + "/prefix/")};
  const auto got = client.send({.method = "POST",
                                .target = "/a?b",
                                .accept = "text/plain",
                                .content_type = "text/x",
                                .body = "the BODY",
                                .authorization = cm::core::secret{"Bearer t"},
                                .fields = {{"Correlation-ID", "c-1"}}},
                               in_time());
  REQUIRE(got.has_value());
  CHECK(got->status == 201);
  CHECK(got->reason == "Created");
  CHECK(got->field("retry-after") == "7");
  CHECK(got->body == "it");
  CHECK(seen.starts_with("POST /prefix/a?b HTTP/1.1\r\nHost: " + server.url().substr(7) + "\r\n"));
  CHECK(seen.ends_with("\r\n\r\nthe BODY"));
  for (const auto* line : {"Accept: text/plain", "Content-Type: text/x", "Content-Length: 8", "Correlation-ID: c-1",
                           "Authorization: Bearer t", "Connection: close", "User-Agent: cm"}) {
    INFO(line);
    CHECK(seen.find("\r\n" + std::string(line) + "\r\n") != std::string::npos);
  }
}

TEST_CASE("only a client with keep_alive sends several requests on one connection") {
  scripted_server server{[](const std::string& target) { return ok(target); }};
  http_client keeping{settings_for(server.url(), true)};
  for (const auto* target : {"/1", "/2", "/3"}) {
    const auto got = keeping.send({.target = target}, in_time());
    REQUIRE(got.has_value());
    CHECK(got->body == target);
  }
  CHECK(server.connections() == 1);
  CHECK(server.requests().front().find("Connection:") == std::string::npos);
}

TEST_CASE("a GET, and nothing else, is repeated if the server has closed a kept connection") {
  std::atomic<int> asked = 0;
  scripted_server server{[&](const std::string&) { return ++asked % 2 == 1 ? ok("") : std::string{}; }};
  http_client client{settings_for(server.url(), true)};
  REQUIRE(client.send({.target = "/"}, in_time()).has_value());
  CHECK(client.send({.target = "/"}, in_time()).has_value());
  CHECK(asked == 3);
  const auto deleted = client.send({.method = "DELETE", .target = "/"}, in_time());
  REQUIRE(deleted.has_error());
  CHECK(deleted.error().code == errc::unavailable);
  CHECK(deleted.error().message == "the connection was closed without a response");
  CHECK(asked == 4);
  CHECK(server.connections() == 2);
}

TEST_CASE("redirects are not followed") {
  scripted_server server{[](const std::string&) {
    return std::string("HTTP/1.1 302 Found\r\nLocation: /other\r\nContent-Length: 0\r\n\r\n");
  }};
  http_client client{settings_for(server.url(), true)};
  const auto got = client.send({.target = "/"}, in_time());
  REQUIRE(got.has_value());
  CHECK(got->status == 302);
  CHECK(server.requests().size() == 1);
}

TEST_CASE("a server that does not respond before the deadline is unavailable, for send and for a step of a stream") {
  for (const auto* begin : {"", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc"}) {
    for (const bool streamed : {false, true}) {
      INFO(begin << streamed);
      single_server server{[&](tcp_socket& socket) {
        std::string buffer;
        receive(socket, buffer, "\r\n\r\n");
        reply(socket, begin);
        receive(socket, buffer, "never"); // until the client closes
      }};
      http_client client{settings_for(server.url())};
      const auto got = streamed ? client.stream({.target = "/"}, 50ms, discard)
                                : client.send({.target = "/"}, http_client::clock::now() + 50ms);
      REQUIRE(got.has_error());
      CHECK(got.error().code == errc::unavailable);
      CHECK(got.error().message.find(" in time") != std::string::npos);
    }
  }
}

TEST_CASE("an unreachable server is unavailable") {
  std::string url;
  {
    scripted_server gone{[](const std::string&) { return std::string(); }};
    url = gone.url();
  }
  http_client client{settings_for(url)};
  const auto got = client.send({.target = "/"}, in_time());
  REQUIRE(got.has_error());
  CHECK(got.error().code == errc::unavailable);
  CHECK(got.error().message == "cannot connect to " + url.substr(7) + ": Connection refused");
}

TEST_CASE("a body is sent as it comes, once the server asks for it, while the response is received") {
  pipe_source source{"one"};
  std::string head;
  std::string body;
  single_server server{[&](tcp_socket& socket) {
    std::string buffer;
    head = receive(socket, buffer, "\r\n\r\n");
    reply(socket, "HTTP/1.1 100 Continue\r\n\r\n");
    body = receive(socket, buffer, "one\r\n");
    reply(socket, "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nyes\r\n");
    source.write(std::string(20, 'x')); // the client waits for the pipe by now, or will find it readable
    source.finish();
    body += receive(socket, buffer, "0\r\n\r\n");
    reply(socket, "0\r\n\r\n");
  }};
  const auto flags = ::fcntl(source.descriptor(), F_GETFL);
  std::string received;
  http_client client{settings_for(server.url())};
  const auto got = client.stream(
    {.method = "POST", .target = "/"}, patience,
    [&](std::string_view bytes) {
      received += bytes;
      return true;
    },
    &source);
  REQUIRE(got.has_value());
  CHECK(got->status == 200);
  CHECK(got->body.empty());
  CHECK(received == "yes");
  CHECK(head.find("\r\nTransfer-Encoding: chunked\r\n") != std::string::npos);
  CHECK(head.find("\r\nExpect: 100-continue\r\n") != std::string::npos);
  CHECK(body == "3\r\none\r\n14\r\nxxxxxxxxxxxxxxxxxxxx\r\n0\r\n\r\n");
  CHECK(::fcntl(source.descriptor(), F_GETFL) == flags);
}

TEST_CASE("a body is sent after a while even if the server never asks for it") {
  pipe_source source{"one"};
  source.finish();
  single_server server{[&](tcp_socket& socket) {
    std::string buffer;
    receive(socket, buffer, "0\r\n\r\n");
    reply(socket, ok(""));
  }};
  http_client client{settings_for(server.url())};
  CHECK(client.stream({.method = "POST", .target = "/"}, patience, discard, &source).has_value());
}

TEST_CASE("the body is not read if the response is an error") {
  pipe_source source{"one"};
  single_server server{[&](tcp_socket& socket) {
    std::string buffer;
    receive(socket, buffer, "\r\n\r\n");
    reply(socket, "HTTP/1.1 415 No\r\nContent-Length: 3\r\n\r\nwhy");
  }};
  http_client client{settings_for(server.url())};
  const auto got = client.stream({.method = "POST", .target = "/"}, patience, discard, &source);
  REQUIRE(got.has_value());
  CHECK(got->status == 415);
  CHECK(got->body == "why");
  CHECK(source.reads() == 0);
}

TEST_CASE("a handler that returns false ends the stream") {
  single_server server{[&](tcp_socket& socket) {
    std::string buffer;
    receive(socket, buffer, "\r\n\r\n");
    reply(socket, "HTTP/1.1 200 OK\r\n\r\nabc");
    receive(socket, buffer, "never");
  }};
  http_client client{settings_for(server.url())};
  const auto got = client.stream({.target = "/"}, patience, [](std::string_view /*bytes*/) { return false; });
  REQUIRE(got.has_error());
  CHECK(got.error().code == errc::internal);
}

TEST_CASE("https: the chain and the host name of the certificate must be valid") {
  const cm::test::self_signed localhost{"DNS:localhost"};
  const auto ask = [&](const std::string& host, const tls_files& files) {
    single_server server{[&](tcp_socket& socket) {
      net::ssl::context context{net::ssl::context::tls_server};
      context.use_certificate_chain_file(localhost.certificate());
      context.use_private_key_file(localhost.key(), net::ssl::context::pem);
      net::ssl::stream<tcp_socket&> tls{socket, context};
      boost::system::error_code ec;
      tls.handshake(net::ssl::stream_base::server, ec);
      std::string buffer;
      net::read_until(tls, net::dynamic_buffer(buffer), "\r\n\r\n", ec);
      net::write(tls, net::buffer(ok("secure")), ec);
    }};
    auto address = *parse_server_address(server.url());
    address.tls = true;
    address.host = host;
    http_client client{{.server = std::move(address), .files = files}};
    return client.send({.target = "/"}, in_time());
  };
  const tls_files trusting{.authorities = {localhost.certificate(), "--ca-file"}};
  // "localhost" may also be an address of IPv6, where nobody listens; the client tries the next one.
  const auto good = ask("localhost", trusting);
  REQUIRE(good.has_value());
  CHECK(good->body == "secure");
  const auto name = ask("127.0.0.1", trusting);
  REQUIRE(name.has_error());
  CHECK(name.error().code == errc::unavailable);
  CHECK(name.error().message.find("mismatch") != std::string::npos);
  const auto chain = ask("localhost", {});
  REQUIRE(chain.has_error());
  CHECK(chain.error().code == errc::unavailable);
  CHECK(chain.error().message.starts_with("no TLS with 127.0.0.1:"));
  const auto missing = ask("localhost", {.authorities = {"/no/such.pem", "--ca-file"}});
  REQUIRE(missing.has_error());
  CHECK(missing.error().code == errc::invalid);
  CHECK(missing.error().message.starts_with("--ca-file /no/such.pem cannot be used: "));
}
