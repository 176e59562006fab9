#include "fixture.hpp"
#include "http/server/problem.hpp"

#include <atomic>

using namespace cm::test;

TEST_CASE("A request is answered with the common headers and the connection stays open") {
  conversation t;
  t.c.send(get("/a", "Correlation-ID: c-1\r\n"));
  const auto first = t.c.receive();
  CHECK(first.status == 200);
  CHECK(first.body == "GET /a");
  CHECK(first.has("Content-Type: text/plain"));
  CHECK(first.has("Correlation-ID: c-1"));
  CHECK(first.has("Cache-Control: no-store"));
  CHECK(first.has("X-Content-Type-Options: nosniff"));
  CHECK(first.has("Connection: keep-alive"));
  CHECK(first.head.find("\r\nDate: ") != std::string::npos);
  t.c.send(post("/b", "hello"));
  CHECK(t.c.receive().body == "POST /b hello");
}

TEST_CASE("Pipelined requests are answered in order, one at a time") {
  held_conversation t;
  t.c.send(get("/1") + post("/2", "body") + get("/3") + get("/4", "Connection: close\r\n") + get("/never"));
  for (const std::string target : {"/1", "/2", "/3", "/4"}) {
    auto exchange = t.open.take();
    CHECK(exchange->request().target() == target);
    CHECK(t.open.stays_empty(20ms));
    exchange->respond(echo(exchange->request()));
  }
  CHECK(t.c.receive().body == "GET /1");
  CHECK(t.c.receive().body == "POST /2 body");
  CHECK(t.c.receive().body == "GET /3");
  const auto last = t.c.receive();
  CHECK(last.body == "GET /4");
  CHECK(last.has("Connection: close"));
  CHECK(t.c.sees_end());
  CHECK(t.open.size() == 0);
}

TEST_CASE("A slow header is answered 408 and the connection closed") {
  conversation t{[](server& s) { s.settings->header_timeout = 100ms; }};
  t.c.send("GET / HTTP/1.1\r\nHo");
  const auto answer = t.c.receive();
  CHECK(answer.status == 408);
  CHECK(answer.has("Connection: close"));
  CHECK(t.c.sees_end());
  t.c.close();
  t.s.closed.take();
  CHECK(t.s.refusals.take().status == 408);
}

TEST_CASE("A slow body is answered 408 and the connection closed") {
  conversation t{[](server& s) { s.settings->body_timeout = 100ms; }};
  t.c.send("POST / HTTP/1.1\r\nHost: cm\r\nCorrelation-ID: c-2\r\nContent-Length: 10\r\n\r\nabc");
  const auto answer = t.c.receive();
  CHECK(answer.status == 408);
  CHECK(answer.has("Correlation-ID: c-2"));
  CHECK(t.c.sees_end());
}

TEST_CASE("An idle connection is closed without a response") {
  server s;
  s.settings->idle_timeout = 100ms;
  s.start();
  client fresh{s.port()};
  CHECK(fresh.sees_end());
  client used{s.port()};
  used.send(get("/"));
  CHECK(used.receive().status == 200);
  CHECK(used.sees_end());
  fresh.close();
  used.close();
  s.closed.take();
  s.closed.take();
}

TEST_CASE("A client that sends its header byte by byte is disconnected at the deadline") {
  conversation t{[](server& s) { s.settings->header_timeout = 200ms; }};
  std::atomic<bool> done{false};
  std::thread trickle{[&] {
    try {
      t.c.send("GET / HTTP/1.1\r\n");
      while (!done) {
        t.c.send("A: b\r\n");
        std::this_thread::sleep_for(10ms); // the slow pace is the subject of the test
      }
    } catch (const std::exception&) {
      // The server closed: expected.
      done = true;
    }
  }};
  CHECK(t.c.receive().status == 408);
  done = true;
  trickle.join();
}

TEST_CASE("100 Continue is sent if the client expects it and the body is accepted") {
  conversation t;
  t.c.send("POST /x HTTP/1.1\r\nHost: cm\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\n");
  const auto go = t.c.receive();
  CHECK(go.status == 100);
  CHECK(go.head == "HTTP/1.1 100 Continue\r\n\r\n");
  t.c.send("hello");
  CHECK(t.c.receive().body == "POST /x hello");
  // If the body is already being sent, there is nothing to wait for.
  t.c.send("POST /y HTTP/1.1\r\nHost: cm\r\nContent-Length: 5\r\nExpect: 100-continue\r\n\r\nhello");
  CHECK(t.c.receive().body == "POST /y hello");
}

TEST_CASE("A body that is too large is refused before the client sends it") {
  conversation t;
  t.c.send("POST / HTTP/1.1\r\nHost: cm\r\nContent-Length: 65537\r\nExpect: 100-continue\r\n\r\n");
  const auto answer = t.c.receive();
  CHECK(answer.status == 413);
  CHECK(answer.has("Connection: close"));
  CHECK(t.c.sees_end());
}

TEST_CASE("The client gets its 413 although it continues to send") {
  conversation t;
  std::thread sender{[&] {
    try {
      t.c.send("POST / HTTP/1.1\r\nHost: cm\r\nContent-Length: 10000000\r\n\r\n");
      t.c.send(std::string(1000000, 'x'));
    } catch (const std::exception&) {
      // The server closed before everything was sent: allowed, only the response matters.
      return;
    }
  }};
  CHECK(t.c.receive().status == 413);
  sender.join();
}

TEST_CASE("The policy sets the body limit based on the header") {
  conversation t{[](server& s) {
    s.policy = [](const cm::http::request_head& head) {
      return cm::http::body_policy::buffered(head.path() == "/large" ? 1000000 : 10);
    };
  }};
  t.c.send(post("/large", std::string(500000, 'x')));
  CHECK(t.c.receive().body.size() == 500012);
  t.c.send(post("/small", "12345678901"));
  CHECK(t.c.receive().status == 413);
}

TEST_CASE("A chunked body reaches the handler completely") {
  conversation t;
  t.c.send("POST /c HTTP/1.1\r\nHost: cm\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n");
  t.c.send("4\r\ndefg\r\n0\r\n\r\n" + get("/next"));
  CHECK(t.c.receive().body == "POST /c abcdefg");
  CHECK(t.c.receive().body == "GET /next");
}

TEST_CASE("HEAD is answered with the length and without the body") {
  conversation t;
  t.c.send("HEAD /h HTTP/1.1\r\nHost: cm\r\n\r\n" + get("/g"));
  const auto head = t.c.receive(true);
  CHECK(head.status == 200);
  CHECK(head.has("Content-Length: 7"));
  CHECK(t.c.receive().body == "GET /g");
}

TEST_CASE("204 and 304 have no body and the connection stays open") {
  conversation t{[](server& s) {
    s.on_request = [](const exchange_ptr& open) {
      open->respond(cm::http::empty_response(open->request().path() == "/a" ? 204 : 304));
    };
  }};
  t.c.send(get("/a") + get("/b"));
  CHECK(t.c.receive().status == 204);
  CHECK(t.c.receive().status == 304);
}

TEST_CASE("HTTP/1.0 closes unless it asks for keep-alive") {
  conversation t;
  t.c.send("GET /a HTTP/1.0\r\nConnection: keep-alive\r\n\r\n");
  CHECK(t.c.receive().has("Connection: keep-alive"));
  t.c.send("GET /b HTTP/1.0\r\n\r\n");
  CHECK(t.c.receive().has("Connection: close"));
  CHECK(t.c.sees_end());
}

TEST_CASE("A dropped exchange is answered 503 and the connection stays open") {
  held_conversation t;
  t.c.send(get("/a/b?c", "Correlation-ID: c-3\r\n"));
  t.open.take().reset();
  const auto answer = t.c.receive();
  CHECK(answer.status == 503);
  CHECK(answer.has("Retry-After: 1"));
  CHECK(answer.body == R"({"message":"Service Unavailable","status":503,"path":"/a/b","correlationId":"c-3"})");
  t.c.send(get("/again"));
  t.open.take()->respond(cm::http::empty_response(204));
  CHECK(t.c.receive().status == 204);
}

TEST_CASE("An exception of the handler affects only its request") {
  conversation t{[](server& s) {
    s.on_request = [](const exchange_ptr& open) {
      if (open->request().path() == "/bad")
        throw std::runtime_error("broken");
      open->respond(echo(open->request()));
    };
  }};
  t.c.send(get("/bad") + get("/good"));
  CHECK(t.c.receive().status == 503);
  CHECK(t.c.receive().body == "GET /good");
  CHECK(t.s.refusals.take().reason == "broken");
}

TEST_CASE("An overdue exchange is answered 503, and its late response is discarded") {
  held_conversation t{[](server& s) { s.settings->response_timeout = 100ms; }};
  t.c.send(get("/late"));
  auto late = t.open.take();
  CHECK(t.c.receive().status == 503);
  t.c.send(get("/next"));
  auto next = t.open.take();
  CHECK(!late->respond(echo(late->request())));
  next->respond(echo(next->request()));
  CHECK(t.c.receive().body == "GET /next");
}

TEST_CASE("Ten thousand requests on one connection are answered from another thread") {
  server s;
  mailbox<exchange_ptr> open;
  s.on_request = [&](exchange_ptr exchange) { open.put(std::move(exchange)); };
  s.start();
  constexpr int rounds = 10000;
  std::thread worker{[&] {
    for (int i = 0; i < rounds; ++i) {
      const auto exchange = open.take();
      exchange->respond(echo(exchange->request()));
    }
  }};
  client c{s.port()};
  constexpr int burst = 100;
  bool all_right = true;
  for (int i = 0; i < rounds; i += burst) {
    std::string bytes;
    for (int j = 0; j < burst; ++j)
      bytes.append(get("/" + std::to_string(i + j)));
    c.send(bytes);
    for (int j = 0; j < burst; ++j)
      all_right = all_right && c.receive().body == "GET /" + std::to_string(i + j);
  }
  worker.join();
  CHECK(all_right);
  CHECK(s.connections.size() == 1);
}

TEST_CASE("A large response arrives completely; a client that does not read is disconnected") {
  conversation t{[](server& s) {
    s.settings->write_timeout = 200ms;
    s.on_request = [](const exchange_ptr& open) {
      const std::size_t size = open->request().path() == "/huge" ? 64U << 20U : 1U << 20U;
      open->respond(cm::http::json_response(200, std::string(size, 'x')));
    };
  }};
  t.c.send(get("/large"));
  CHECK(t.c.receive().body.size() == 1U << 20U);
  t.c.send(get("/huge")); // and do not read
  t.s.closed.take();
}

TEST_CASE("Graceful close of an idle connection closes it after drain_linger") {
  conversation t;
  t.c.send(get("/"));
  CHECK(t.c.receive().status == 200);
  t.s.connections.take()->graceful_close();
  CHECK(t.c.sees_end());
  t.c.close();
  t.s.closed.take();
}

TEST_CASE("Graceful close answers a request in transit with Connection: close") {
  conversation t{[](server& s) { s.settings->drain_linger = 5s; }};
  t.c.send(get("/1"));
  CHECK(t.c.receive().has("Connection: keep-alive"));
  t.s.connections.take()->graceful_close();
  t.s.in_io_thread([] {}); // the close was posted earlier, so it has run
  t.c.send(get("/2"));
  const auto last = t.c.receive();
  CHECK(last.body == "GET /2");
  CHECK(last.has("Connection: close"));
  CHECK(t.c.sees_end());
}

TEST_CASE("Graceful close of a busy connection completes the request") {
  held_conversation t;
  t.c.send(get("/1"));
  auto exchange = t.open.take();
  t.s.connections.take()->graceful_close();
  CHECK(t.s.closed.stays_empty(300ms)); // longer than drain_linger
  exchange->respond(echo(exchange->request()));
  const auto last = t.c.receive();
  CHECK(last.body == "GET /1");
  CHECK(last.has("Connection: close"));
  CHECK(t.c.sees_end());
  t.c.close();
  t.s.closed.take();
}

TEST_CASE("Abort closes immediately, and a later response is discarded") {
  held_conversation t;
  t.c.send(get("/1"));
  auto exchange = t.open.take();
  auto connection = t.s.connections.take();
  connection->abort();
  connection->abort();
  connection->graceful_close();
  t.s.closed.take();
  exchange->respond(cm::http::empty_response(204));
  t.s.in_io_thread([] {});
  CHECK(t.c.sees_end());
  CHECK(t.s.closed.size() == 0);
}

TEST_CASE("An exchange may outlive its connection and the io_context") {
  mailbox<exchange_ptr> open;
  exchange_ptr exchange;
  {
    server s;
    s.on_request = [&](exchange_ptr received) { open.put(std::move(received)); };
    s.start();
    client c{s.port()};
    c.send(get("/1"));
    exchange = open.take();
  }
  CHECK(exchange->respond(cm::http::empty_response(204)));
}

TEST_CASE("A disconnect of the client is noticed") {
  server s;
  s.start();
  {
    client c{s.port()};
    c.send(get("/"));
    CHECK(c.receive().status == 200);
  }
  s.closed.take();
  {
    client c{s.port()};
    c.send("GET / HT");
  }
  s.closed.take();
  CHECK(s.refusals.size() == 0);
}

TEST_CASE("A client that has closed its sending side still gets its response") {
  held_conversation t;
  t.c.send(get("/1") + get("/2"));
  t.c.shutdown_send();
  for (int i = 0; i < 2; ++i) {
    const auto exchange = t.open.take();
    exchange->respond(echo(exchange->request()));
  }
  CHECK(t.c.receive().body == "GET /1");
  CHECK(t.c.receive().body == "GET /2");
  CHECK(t.c.sees_end());
}

TEST_CASE("A request that could smuggle another one is refused and ends the connection") {
  server s;
  std::atomic<int> requests{0};
  s.on_request = [&](const exchange_ptr& open) {
    ++requests;
    open->respond(echo(open->request()));
  };
  s.start();
  const std::string headers = GENERATE(
    "Content-Length: 6\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 6\r\n",
    "Content-Length: 6\r\nContent-Length: 5\r\n", "Transfer-Encoding: identity\r\nContent-Length: 5\r\n");
  client c{s.port()};
  c.send("POST / HTTP/1.1\r\nHost: cm\r\n" + headers + "\r\n0\r\n\r\nX" + get("/hidden"));
  const auto answer = c.receive();
  CHECK(answer.status == 400);
  CHECK(answer.has("Connection: close"));
  CHECK(c.sees_end());
  CHECK(requests == 0);
}

TEST_CASE("Every refusal has the common error body") {
  server s;
  s.start();
  const auto [bytes, status] = GENERATE(table<std::string, int>({
    {"nonsense\r\n\r\n", 400},
    {"GET / HTTP/3.0\r\n\r\n", 505},
    {"POST / HTTP/1.1\r\nHost: cm\r\n\r\n", 411},
    {get("/" + std::string(9000, 'a')), 414},
    {get("/", "A: " + std::string(17000, 'a') + "\r\n"), 431},
    {get("/%zz"), 400},
    {get("/", "Expect: x\r\n"), 417},
  }));
  client c{s.port()};
  c.send(bytes);
  const auto answer = c.receive();
  CHECK(answer.status == status);
  CHECK(answer.has("Content-Type: application/json"));
  CHECK(answer.body.rfind("{\"message\":\"", 0) == 0);
  CHECK(answer.body.find("\"status\":" + std::to_string(status)) != std::string::npos);
  CHECK(answer.body.find("\"correlationId\":\"") != std::string::npos);
  CHECK(c.sees_end());
  CHECK(s.refusals.take().status == status);
}
