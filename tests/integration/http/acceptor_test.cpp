#include "server.hpp"

#include <algorithm>
#include <array>
#include <fcntl.h>
#include <sys/resource.h>
#include <thread>
#include <unistd.h>
#include <vector>

using namespace cm::test;
using cm::core::errc;

TEST_CASE("A used port, missing permission or malformed address gives a specific error") {
  cm::http::net::io_context io{1};
  const auto first = cm::http::acceptor::open(io, "127.0.0.1", 0);
  REQUIRE(first.has_value());
  const auto second = cm::http::acceptor::open(io, "127.0.0.1", (*first)->port());
  REQUIRE(!second.has_value());
  CHECK(second.error().code == errc::conflict);
  CHECK(second.error().message
        == "cannot listen on port " + std::to_string((*first)->port()) + " of 127.0.0.1: Address already in use");
  CHECK(cm::http::acceptor::open(io, "nonsense", 0).error().code == errc::invalid);
  CHECK(cm::http::acceptor::open(io, "192.0.2.1", 0).error().code == errc::unavailable);
}

TEST_CASE("All addresses includes IPv4") {
  cm::http::net::io_context io{1};
  const auto opened = cm::http::acceptor::open(io, "", 0);
  REQUIRE(opened.has_value());
  client c{(*opened)->port()}; // 127.0.0.1
}

TEST_CASE("Connections that wait in the backlog are served when accepting starts") {
  server s;
  s.open();
  client c{s.port()};
  c.send(get("/early"));
  s.accept();
  CHECK(c.receive().body == "GET /early");
}

TEST_CASE("Connections are assigned to the loops of the settings round-robin") {
  std::array<cm::http::net::io_context, 2> loops; // outlive the server
  server s;
  for (auto& loop : loops)
    s.accepting.loops.push_back(loop.get_executor());
  std::array<std::thread::id, 2> ids;
  mailbox<std::thread::id> answered_by;
  s.on_request = [&](const exchange_ptr& open) {
    answered_by.put(std::this_thread::get_id());
    open->respond(echo(open->request()));
  };
  std::vector<std::thread> threads;
  std::vector<boost::asio::executor_work_guard<cm::http::executor_type>> guards;
  for (std::size_t i = 0; i < loops.size(); ++i) {
    guards.push_back(boost::asio::make_work_guard(loops[i]));
    threads.emplace_back([&loop = loops[i]] { loop.run(); });
    ids[i] = threads.back().get_id();
  }
  s.open();
  s.accept();
  client early{s.port()};
  client late{s.port()};
  client third{s.port()};
  std::array<std::thread::id, 3> seen;
  std::size_t at = 0;
  for (auto* client_socket : {&early, &late, &third}) {
    client_socket->send(get("/"));
    CHECK(client_socket->receive().status == 200);
    seen[at++] = answered_by.take();
    CHECK(std::find(ids.begin(), ids.end(), seen[at - 1]) != ids.end());
  }
  CHECK(seen[0] != seen[1]);
  CHECK(seen[0] == seen[2]);
  s.stop_thread();
  guards.clear();
  for (auto& loop : loops)
    loop.stop();
  for (auto& thread : threads)
    thread.join();
}

TEST_CASE("A pause keeps new connections waiting until the next start") {
  server s;
  s.start();
  client first{s.port()};
  first.send(get("/1"));
  CHECK(first.receive().status == 200);
  s.listening().pause();
  s.in_io_thread([] {});
  client second{s.port()};
  second.send(get("/2"));
  first.send(get("/3")); // open connections continue
  CHECK(first.receive().status == 200);
  CHECK(s.connections.size() == 1);
  s.accept();
  CHECK(second.receive().body == "GET /2");
}

TEST_CASE("Stop accepts the connections in the backlog, then closes the port") {
  server s;
  s.start();
  s.in_io_thread([] {});
  constexpr std::size_t many = 50;
  std::vector<std::unique_ptr<client>> waiting;
  mailbox<int> stopped;
  s.in_io_thread([&] {
    // The io thread is blocked here, so all of these connections wait in the backlog.
    for (std::size_t i = 0; i < many; ++i) {
      waiting.push_back(std::make_unique<client>(s.port()));
      waiting.back()->send(get("/" + std::to_string(i)));
    }
    s.listening().stop([&] { stopped.put(1); });
  });
  stopped.take();
  for (std::size_t i = 0; i < many; ++i)
    CHECK(waiting[i]->receive().body == "GET /" + std::to_string(i));
  CHECK_THROWS(client{s.port()});
  s.listening().stop([&] { stopped.put(2); });
  CHECK(stopped.take() == 2);
}

TEST_CASE("At the limit, while all connections work, the next connection waits until one of them ends or is idle") {
  server s;
  s.accepting.limits.total = 2;
  mailbox<exchange_ptr> open;
  s.on_request = [&open](exchange_ptr exchange) { open.put(std::move(exchange)); };
  s.start();
  client first{s.port()};
  client second{s.port()};
  first.send(get("/1"));
  second.send(get("/2"));
  const std::array both{open.take(), open.take()};
  client third{s.port()};
  third.send(get("/3"));
  CHECK(s.closed.stays_empty(50ms));
  CHECK(s.connections.size() == 2);
  const bool ends = GENERATE(true, false);
  auto answer = echo(both[0]->request());
  answer.close = ends;
  both[0]->respond(std::move(answer));
  const auto last = open.take();
  last->respond(echo(last->request()));
  CHECK(third.receive().body == "GET /3");
  both[1]->respond(echo(both[1]->request()));
}

TEST_CASE("Accepting resumes when file descriptors become available again") {
  server s;
  mailbox<cm::core::error> trouble;
  s.accepting.on_trouble = [&](const cm::core::error& error) { trouble.put(error); };
  s.accepting.first_backoff = 5ms;
  s.start();
  s.in_io_thread([] {});

  client c{s.port()}; // in the backlog or accepted: both are fine
  c.send(get("/1"));
  CHECK(c.receive().status == 200);

  auto waiting = std::make_unique<client>(s.port());
  waiting->send(get("/x"));
  CHECK(waiting->receive().status == 200);

  // A socket that is created now and connected later, when the server has no descriptor left for its side.
  const int late = ::socket(AF_INET, SOCK_STREAM, 0);
  REQUIRE(late >= 0);
  rlimit before{};
  REQUIRE(::getrlimit(RLIMIT_NOFILE, &before) == 0);
  rlimit lower = before;
  lower.rlim_cur = static_cast<rlim_t>(late) + 1;
  std::vector<int> holes; // takes the free descriptors below
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &lower) == 0);
  for (int fd = ::dup(late); fd >= 0; fd = ::dup(late))
    holes.push_back(fd);

  sockaddr_in where{};
  where.sin_family = AF_INET;
  where.sin_port = htons(s.port());
  where.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
  const bool connected = ::connect(late, reinterpret_cast<const sockaddr*>(&where), sizeof where)
                         == 0; // NOLINT(cppcoreguidelines-pro-type-reinterpret-cast): the socket API
  const std::string request = get("/late");
  const bool sent = ::send(late, request.data(), request.size(), 0) == static_cast<ssize_t>(request.size());
  std::string seen;
  try {
    seen = trouble.take().message;
  } catch (const std::exception& e) {
    seen = e.what();
  }
  for (const int fd : holes)
    ::close(fd);
  REQUIRE(::setrlimit(RLIMIT_NOFILE, &before) == 0);

  CHECK(connected);
  CHECK(sent);
  CHECK(seen == "accepting connections fails: Too many open files");
  std::array<char, 1024> answer{};
  CHECK(::recv(late, answer.data(), answer.size(), 0) > 0);
  CHECK(trouble.size() == 0); // reported once
  ::close(late);
}

TEST_CASE("An exception of the handler does not stop accepting") {
  server s;
  mailbox<cm::core::error> trouble;
  s.accepting.on_trouble = [&](const cm::core::error& error) { trouble.put(error); };
  s.open();
  s.listening().start([](const cm::http::accepted_socket&) { throw std::runtime_error("broken"); });
  {
    client c{s.port()};
    CHECK(trouble.take().detail == "broken");
    CHECK(c.sees_end());
  }
  s.accept();
  client c{s.port()};
  c.send(get("/"));
  CHECK(c.receive().status == 200);
}
