#include "fixture.hpp"
#include "http/server/problem.hpp"

using namespace cm::test;

TEST_CASE("A client that closes its sending side after its body still gets the whole response") {
  streamed_conversation t;
  t.c.send(post("/import", "hello"));
  t.c.shutdown_send();
  const auto exchange = t.open.take();
  CHECK(read_all(*exchange) == "hello");
  exchange->begin(ndjson());
  CHECK(write(*exchange, "one"));
  CHECK(write(*exchange, "two"));
  exchange->end();
  CHECK(t.c.receive_chunked().body == "onetwo");
  CHECK(t.c.sees_end());
}

TEST_CASE("The received part of a truncated body is delivered, and the client can still be answered") {
  streamed_conversation t;
  t.c.send(post_head("/import", 100) + "line\nhalf a li");
  t.c.shutdown_send();
  const auto exchange = t.open.take();
  CHECK(read_all(*exchange) == "line\nhalf a li<failed>");
  CHECK(ask(*exchange)->take().failed);
  exchange->respond(cm::http::problem(exchange->request(), 400));
  const auto answer = t.c.receive();
  CHECK(answer.status == 400);
  CHECK(answer.has("Connection: close"));
  CHECK(t.c.sees_end());
}

TEST_CASE("A body with malformed framing is delivered up to the error") {
  streamed_conversation t;
  const std::string bad = GENERATE("zz\r\n", "3\r\nabcd\r\n0\r\n\r\n", "-1\r\n\r\n\r\n", "fffffffffffffffff\r\n");
  t.c.send(chunked_post("/import", "5\r\nright\r\n" + bad) + get("/hidden"));
  const auto exchange = t.open.take();
  const std::string came = read_all(*exchange);
  CHECK(came.substr(0, 5) == "right");
  CHECK(came.substr(came.size() - 8) == "<failed>");
  exchange->begin(ndjson());
  exchange->end();
  CHECK(t.c.receive_chunked().status == 200);
  CHECK(t.c.sees_end());
  CHECK(t.open.size() == 0);
}

TEST_CASE("An endless chunk head or trailer is refused") {
  streamed_conversation t;
  const std::string head = GENERATE("5;x=", "0\r\nTrailer: ");
  t.c.send(chunked_post("/import", head));
  const auto exchange = t.open.take();
  const auto waiting = ask(*exchange);
  static_cast<void>(t.c.send_some(std::string(100000, 'x')));
  CHECK(waiting->take().failed);
}

TEST_CASE("A client that disappears in the middle of its body ends both streams") {
  streamed_conversation t;
  t.c.send(post_head("/import", 100) + "line\nhalf a li");
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  CHECK(ask(*exchange)->take().bytes == "line\nhalf a li");
  const auto waiting = ask(*exchange);
  t.c.reset();
  CHECK(waiting->take().failed);
  CHECK(!write(*exchange, "result\n"));
  CHECK(ask(*exchange)->take().failed);
  exchange->end();
  t.s.closed.take();
}

TEST_CASE("The writer notices a client that disappears during a response") {
  streamed_conversation t;
  t.c.send(get("/export"));
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  CHECK(write(*exchange, "first\n"));
  CHECK(t.c.receive(true).status == 200);
  SECTION("at the next writes") {
    t.c.close();
    bool ok = true;
    for (int i = 0; i < 1000 && ok; ++i)
      ok = write(*exchange, std::string(10000, 'x'));
    CHECK(!ok);
  }
  SECTION("while a write is pending") {
    std::shared_ptr<outcomes> stuck;
    for (int i = 0; i < 100 && !stuck; ++i) {
      auto done = start_write(*exchange, std::string(1U << 20U, 'x'));
      if (done->stays_empty(300ms))
        stuck = done;
    }
    REQUIRE(stuck);
    t.c.reset();
    CHECK(!stuck->take());
  }
  CHECK(!write(*exchange, "more"));
  t.s.closed.take();
}

TEST_CASE("Destroying an exchange truncates its response visibly") {
  streamed_conversation t;
  t.c.send(get("/export") + get("/never"));
  auto exchange = t.open.take();
  exchange->begin(ndjson());
  CHECK(write(*exchange, "first\n"));
  exchange.reset();
  CHECK(t.c.receive(true).status == 200);
  CHECK(t.c.receive_chunk() == "first\n");
  CHECK(t.c.sees_end()); // without a final chunk
  CHECK(t.open.size() == 0);
  t.s.closed.take();
}

TEST_CASE("Destroying the exchange of a streamed request answers 503") {
  streamed_conversation t;
  t.c.send(post_head("/import", 100) + "half");
  auto exchange = t.open.take();
  CHECK(ask(*exchange)->take().bytes == "half");
  exchange.reset();
  const auto answer = t.c.receive();
  CHECK(answer.status == 503);
  CHECK(answer.has("Connection: close"));
  CHECK(t.c.sees_end());
}

TEST_CASE("A second concurrent read_body() fails, and the first one succeeds") {
  streamed_conversation t;
  t.c.send(post_head("/import", 5));
  const auto exchange = t.open.take();
  const auto first = ask(*exchange);
  CHECK(ask(*exchange)->take().failed);
  t.c.send("hello");
  CHECK(first->take().bytes == "hello");
}

TEST_CASE("A second concurrent write closes the connection instead of omitting a piece") {
  streamed_conversation t;
  t.c.send(get("/export"));
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  std::shared_ptr<outcomes> first;
  std::shared_ptr<outcomes> second;
  t.s.in_io_thread([&] { // so that the first write cannot complete before the second call
    first = start_write(*exchange, std::string(std::size_t{64} << 20U, 'x'));
    second = start_write(*exchange, "y");
  });
  CHECK(!second->take());
  CHECK(!first->take());
  t.s.closed.take();
}

TEST_CASE("read_body() fails for a body that is not streamed") {
  streamed_conversation t;
  t.c.send(get("/a"));
  const auto exchange = t.open.take();
  CHECK(ask(*exchange)->take().failed);
  CHECK(!write(*exchange, "not begun"));
  exchange->end();
  exchange->respond(echo(exchange->request()));
  CHECK(t.c.receive().body == "GET /a");
}

TEST_CASE("Late calls for one exchange do not affect the next") {
  streamed_conversation t;
  t.c.send(post("/1", "one") + post("/2", "two"));
  const auto first = t.open.take();
  CHECK(read_all(*first) == "one");
  first->begin(ndjson());
  first->end();
  const auto second = t.open.take();
  second->begin(ndjson());
  CHECK(!first->begin(ndjson()));
  CHECK(!write(*first, "late"));
  CHECK(ask(*first)->take().failed);
  first->end();
  CHECK(read_all(*second) == "two");
  CHECK(write(*second, "right"));
  second->end();
  CHECK(t.c.receive_chunked().body.empty());
  CHECK(t.c.receive_chunked().body == "right");
}

TEST_CASE("A handler that throws ends its connection") {
  streamed_conversation t;
  t.c.send(post("/1", "one"));
  const auto exchange = t.open.take();
  exchange->read_body(100, [](const cm::http::body_piece&) { throw std::runtime_error("broken"); });
  t.s.closed.take();
  CHECK(t.s.refusals.take().reason == "broken");
}

// --- Time ------------------------------------------------------------------------------------------------------------

TEST_CASE("A stalled body fails, and the client can still be answered") {
  streamed_conversation t{[](server& s) { s.settings->stream_idle_timeout = 100ms; }};
  t.c.send(post_head("/import", 100) + "half");
  const auto exchange = t.open.take();
  CHECK(read_all(*exchange) == "half<failed>");
  exchange->begin(ndjson());
  exchange->end();
  CHECK(t.c.receive_chunked().status == 200);
  CHECK(t.c.sees_end());
}

TEST_CASE("A body may take any time while it makes progress") {
  streamed_conversation t{[](server& s) {
    s.settings->stream_idle_timeout = 500ms;
    s.settings->body_timeout = 100ms;
    s.settings->response_timeout = 500ms;
  }};
  constexpr int pieces = 20;
  t.c.send(post_head("/import", pieces));
  const auto exchange = t.open.take();
  for (int i = 0; i < pieces; ++i) {
    const auto waiting = ask(*exchange);
    CHECK(waiting->stays_empty(50ms)); // one second in total
    t.c.send("x");
    CHECK(waiting->take().bytes == "x");
  }
  exchange->respond(echo(exchange->request()));
  CHECK(t.c.receive().status == 200);
}

TEST_CASE("A response may take any time while it makes progress") {
  streamed_conversation t{[](server& s) {
    s.settings->stream_idle_timeout = 100ms;
    s.settings->response_timeout = 500ms;
  }};
  t.c.send(get("/export"));
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  CHECK(t.c.receive(true).status == 200);
  for (int i = 0; i < 5; ++i) {
    CHECK(t.s.closed.stays_empty(200ms)); // longer than stream_idle_timeout: no read is pending
    CHECK(write(*exchange, "x"));
    CHECK(t.c.receive_chunk() == "x");
  }
  exchange->end();
  CHECK(t.c.receive_chunk().empty());
}

TEST_CASE("An idle streamed exchange is answered 503") {
  streamed_conversation t{[](server& s) { s.settings->response_timeout = 100ms; }};
  t.c.send(post_head("/import", 100) + "half");
  const auto exchange = t.open.take();
  CHECK(t.c.receive().status == 503);
  CHECK(!exchange->begin(ndjson()));
  CHECK(!write(*exchange, "late"));
  CHECK(ask(*exchange)->take().failed);
  CHECK(t.c.sees_end());
}

TEST_CASE("An idle response that has begun is truncated") {
  streamed_conversation t{[](server& s) { s.settings->response_timeout = 100ms; }};
  t.c.send(get("/export"));
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  CHECK(write(*exchange, "x"));
  CHECK(t.c.receive(true).status == 200);
  CHECK(t.c.receive_chunk() == "x");
  CHECK(t.c.sees_end());
  CHECK(!write(*exchange, "late"));
  t.s.closed.take();
}

TEST_CASE("A client that does not read its response is disconnected") {
  streamed_conversation t{[](server& s) { s.settings->stream_idle_timeout = 100ms; }};
  t.c.send(get("/export"));
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  CHECK(!write(*exchange, std::string(std::size_t{64} << 20U, 'x')));
  t.s.closed.take();
}

// --- Closing ---------------------------------------------------------------------------------------------------------

TEST_CASE("Graceful close lets a stream finish") {
  streamed_conversation t;
  t.c.send(chunked_post("/import"));
  const auto exchange = t.open.take();
  const bool begun_before = GENERATE(true, false);
  if (begun_before)
    exchange->begin(ndjson());
  t.s.connections.take()->graceful_close();
  CHECK(t.s.closed.stays_empty(300ms)); // longer than drain_linger
  t.c.send("5\r\nhello\r\n0\r\n\r\n" + get("/never"));
  CHECK(read_all(*exchange) == "hello");
  if (!begun_before)
    exchange->begin(ndjson());
  CHECK(write(*exchange, "world"));
  exchange->end();
  const auto answer = t.c.receive_chunked();
  CHECK(answer.body == "world");
  CHECK(answer.has("Connection: close") == !begun_before);
  CHECK(t.c.sees_end());
  CHECK(t.open.size() == 0);
}

TEST_CASE("Abort ends both streams") {
  streamed_conversation t;
  t.c.send(post_head("/import", 100));
  const auto exchange = t.open.take();
  const auto waiting = ask(*exchange);
  exchange->begin(ndjson());
  CHECK(t.c.receive(true).status == 200);
  t.s.connections.take()->abort();
  CHECK(waiting->take().failed);
  CHECK(!write(*exchange, "x"));
  CHECK(t.c.sees_end());
  t.s.closed.take();
}

TEST_CASE("A streamed exchange may outlive its connection and the io_context") {
  exchange_ptr exchange;
  {
    streamed_conversation t;
    t.c.send(post_head("/import", 100));
    exchange = t.open.take();
    exchange->begin(ndjson());
  }
  CHECK(ask(*exchange)->take().failed);
  CHECK(!write(*exchange, "x"));
  exchange->end();
}
