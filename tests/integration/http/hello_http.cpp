// A minimal server on one thread, to measure the cost of http/server: hello_http <port> [threads-apart].
// With a second argument, another thread answers, as actors do.
#include "http/server/acceptor.hpp"
#include "http/server/connection.hpp"

#include <boost/asio/executor_work_guard.hpp>
#include <boost/asio/io_context.hpp>
#include <boost/asio/post.hpp>

#include <cstdlib>
#include <iostream>
#include <memory>
#include <string>
#include <thread>

int main(int argc, char** argv) {
  namespace http = cm::http;
  if (argc < 2) {
    std::cerr << "usage: hello_http <port> [apart]\n";
    return 64;
  }
  const auto port = static_cast<std::uint16_t>(std::strtoul(argv[1], nullptr, 10));
  const bool apart = argc > 2;
  http::net::io_context io{1};
  http::net::io_context worker{1};
  const auto opened = http::acceptor::open(io, "127.0.0.1", port);
  if (!opened) {
    std::cerr << opened.error().message << "\n";
    return 1;
  }
  const auto settings = std::make_shared<const http::connection_settings>();
  const auto hello = [](const std::shared_ptr<http::exchange>& open) {
    open->respond(http::json_response(200, R"({"content":[{"endpointTokenId":"0192f0a0-0000-7000-8000-000000000001",)"
                                           R"("status":"Active","applicationName":"smart_kettle",)"
                                           R"("createdDate":"2026-11-22T14:17:00.000Z"}],"totalElements":1})"));
  };
  (*opened)->start([&](http::accepted_socket accepted) {
    http::connection_callbacks callbacks;
    callbacks.on_request = [&](std::shared_ptr<http::exchange> open) {
      if (apart)
        boost::asio::post(worker, [hello, open = std::move(open)] { hello(open); });
      else
        hello(open);
    };
    http::connection::create(std::move(accepted), settings, std::move(callbacks))->start();
  });
  const auto guard = boost::asio::make_work_guard(worker);
  const std::jthread second{[&worker] { worker.run(); }};
  io.run();
}
