// The byte budget of the connections' buffers, and the limit of connections, with real sockets.
#include "server.hpp"

#include <memory>
#include <string>
#include <vector>

using namespace cm::test;
using cm::core::byte_budget;
using cm::core::byte_share;

namespace {

constexpr std::size_t kib = 1024;

/// A server with a budget of 256 KiB, of which `others` hold something.
struct bounded_server : server {
  std::shared_ptr<byte_budget> budget = std::make_shared<byte_budget>(256 * kib);
  byte_share others{budget};

  bounded_server() { settings->memory.budget = budget; }

  void others_hold(std::size_t bytes) {
    others.shrink_to(0);
    REQUIRE(others.grow_to(bytes));
  }

  [[nodiscard]] bool soon_holds(std::size_t bytes) const {
    for (int i = 0; i < 500 && budget->held() != bytes; ++i)
      std::this_thread::sleep_for(10ms);
    return budget->held() == bytes;
  }
};

/// The beginning of a POST, without the last bytes of its body.
std::string cut_post(std::size_t length, std::size_t sent) {
  return post("/slow", std::string(length, 'x'))
    .substr(0, post("/slow", std::string(length, 'x')).size() - length + sent);
}

} // namespace

TEST_CASE("An idle connection holds nothing of the budget, before and after a request") {
  bounded_server s;
  s.start();
  client c{s.port()};
  c.send(post("/", std::string(60'000, 'x')));
  CHECK(c.receive().body.size() > 60'000);
  CHECK(s.soon_holds(0));
  CHECK(s.budget->take_peak() > 60'000);
  c.send(get("/again"));
  CHECK(c.receive().status == 200);
  CHECK(s.soon_holds(0));
}

TEST_CASE("A request for which there is no memory waits unread until there is") {
  bounded_server s;
  s.settings->memory.patience = 10s;
  s.start();
  client c{s.port()};
  s.others_hold(200 * kib);
  c.send(get("/waits"));
  CHECK(s.refusals.stays_empty(100ms));
  CHECK(s.budget->held() == 200 * kib);
  s.others_hold(0);
  CHECK(c.receive().body == "GET /waits");
}

TEST_CASE("A request that has waited for memory for too long is answered 503") {
  bounded_server s;
  s.settings->memory.patience = 50ms;
  s.others_hold(200 * kib);
  s.start();
  client c{s.port()};
  c.send(get("/refused"));
  const auto answer = c.receive();
  CHECK(answer.status == 503);
  CHECK(answer.has("Retry-After: 1"));
  CHECK(answer.has("Connection: close"));
  CHECK(c.sees_end());
  CHECK(s.settings->memory.refused->value() == 1);
  CHECK(s.soon_holds(200 * kib));
  s.others_hold(0);
  client later{s.port()};
  later.send(get("/"));
  CHECK(later.receive().status == 200);
}

TEST_CASE("A request that has begun goes on while new ones wait for memory") {
  bounded_server s;
  s.settings->memory.patience = 10s;
  s.start();
  client begun{s.port()};
  begun.send(cut_post(60'000, 59'999));
  while (s.budget->held() < 60'000)
    std::this_thread::sleep_for(1ms);
  s.others_hold(100 * kib);
  client late{s.port()};
  late.send(get("/late"));
  CHECK(s.refusals.stays_empty(100ms));
  begun.send("x");
  CHECK(begun.receive().status == 200);
  CHECK(late.receive().status == 200);
}

TEST_CASE("A request that stalls is answered 408 while memory is short, and only then") {
  bounded_server s;
  s.settings->memory.stall = 50ms;
  s.start();
  client c{s.port()};
  c.send(cut_post(60'000, 50'000));
  CHECK(s.refusals.stays_empty(300ms));
  s.others_hold(80 * kib);
  CHECK(c.receive().status == 408);
  CHECK(s.soon_holds(80 * kib));
}

TEST_CASE("A header that stalls is answered 408 while memory is short") {
  bounded_server s;
  s.settings->memory.stall = 50ms;
  s.start();
  client c{s.port()};
  c.send("GET / HTTP/1.1\r\nHost: cm\r\nX: ");
  CHECK(s.refusals.stays_empty(300ms));
  s.others_hold(100 * kib);
  CHECK(c.receive().status == 408);
}

TEST_CASE("A large response for which there is no memory becomes 503; a small one is always sent") {
  bounded_server s;
  s.on_request = [&s](const exchange_ptr& open) {
    auto answer = echo(open->request());
    if (open->request().target() == "/large")
      answer.body.assign(100 * kib, 'x');
    s.others_hold(200 * kib);
    open->respond(std::move(answer));
  };
  s.start();
  client small{s.port()};
  small.send(get("/small"));
  CHECK(small.receive().status == 200);
  s.in_io_thread([&s] { s.others_hold(0); });
  client large{s.port()};
  large.send(get("/large"));
  const auto answer = large.receive();
  CHECK(answer.status == 503);
  CHECK(answer.has("Connection: close"));
}

TEST_CASE("However many requests come at once, the budget holds and each is answered") {
  bounded_server s;
  s.settings->memory.patience = 10s;
  s.start();
  std::vector<std::unique_ptr<client>> clients;
  for (int i = 0; i < 50; ++i) {
    clients.push_back(std::make_unique<client>(s.port()));
    clients.back()->send(post("/", std::string(30'000, 'x')));
  }
  for (const auto& each : clients)
    CHECK(each->receive().status == 200);
  CHECK(s.budget->take_peak() <= 256 * kib);
  CHECK(s.soon_holds(0));
}

TEST_CASE("At the limit the connection that was idle the longest is closed for a new one") {
  server s;
  s.accepting.limits.total = 2;
  s.accepting.counters = std::make_shared<cm::http::connection_counters>();
  s.start();
  client first{s.port()};
  first.send(get("/1"));
  CHECK(first.receive().status == 200);
  client second{s.port()};
  second.send(get("/2"));
  CHECK(second.receive().status == 200);
  first.send(get("/1"));
  CHECK(first.receive().status == 200);
  client third{s.port()};
  third.send(get("/3"));
  CHECK(third.receive().status == 200);
  CHECK(second.sees_end());
  CHECK(s.accepting.counters->closed_idle.value() == 1);
  first.send(get("/1"));
  CHECK(first.receive().status == 200);
}

TEST_CASE("An incomplete header does not keep a connection from being closed for a new one") {
  server s;
  s.accepting.limits.total = 1;
  s.start();
  client slow{s.port()};
  slow.send("GET / HTTP/1.1\r\nHo");
  client next{s.port()};
  next.send(get("/"));
  CHECK(next.receive().status == 200);
  CHECK(s.closed.take() == 1);
}

TEST_CASE("A new connection of an address with too many busy ones is answered 503") {
  server s;
  s.accepting.limits.per_address = 1;
  s.accepting.counters = std::make_shared<cm::http::connection_counters>();
  mailbox<exchange_ptr> open;
  s.on_request = [&open](exchange_ptr exchange) { open.put(std::move(exchange)); };
  s.start();
  client busy{s.port()};
  busy.send(get("/"));
  const auto exchange = open.take();
  client refused{s.port()};
  const auto answer = refused.receive();
  CHECK(answer.status == 503);
  CHECK(answer.has("Retry-After: 1"));
  CHECK(refused.sees_end());
  CHECK(s.accepting.counters->refused_address.value() == 1);
  exchange->respond(echo(exchange->request()));
  CHECK(busy.receive().status == 200);
}
