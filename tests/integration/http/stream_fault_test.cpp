#include "fixture.hpp"
#include "http/server/problem.hpp"

using namespace cm::test;

TEST_CASE("A client that closes its sending side behind its body still gets the whole answer") {
  streamed_conversation t;
  t.c.send(post("/import", "hello"));
  t.c.shutdown_send();
  const auto one = t.open.take();
  CHECK(read_all(*one) == "hello");
  one->begin(ndjson());
  CHECK(write(*one, "one"));
  CHECK(write(*one, "two"));
  one->end();
  CHECK(t.c.receive_chunked().body == "onetwo");
  CHECK(t.c.sees_end());
}

TEST_CASE("A body that ends too early is given out as far as it came, and the client can still be answered") {
  streamed_conversation t;
  t.c.send(post_head("/import", 100) + "line\nhalf a li");
  t.c.shutdown_send();
  const auto one = t.open.take();
  CHECK(read_all(*one) == "line\nhalf a li<failed>");
  CHECK(ask(*one)->take().failed);
  one->respond(cm::http::problem(one->request(), 400));
  const auto answer = t.c.receive();
  CHECK(answer.status == 400);
  CHECK(answer.has("Connection: close"));
  CHECK(t.c.sees_end());
}

TEST_CASE("A body whose framing is wrong is given out as far as it was right") {
  streamed_conversation t;
  const std::string bad = GENERATE("zz\r\n", "3\r\nabcd\r\n0\r\n\r\n", "-1\r\n\r\n\r\n", "fffffffffffffffff\r\n");
  t.c.send(chunked_post("/import", "5\r\nright\r\n" + bad) + get("/hidden"));
  const auto one = t.open.take();
  const std::string came = read_all(*one);
  CHECK(came.substr(0, 5) == "right");
  CHECK(came.substr(came.size() - 8) == "<failed>");
  one->begin(ndjson());
  one->end();
  CHECK(t.c.receive_chunked().status == 200);
  CHECK(t.c.sees_end());
  CHECK(t.open.size() == 0);
}

TEST_CASE("A chunk head or a trailer that does not end is cut off") {
  streamed_conversation t;
  const std::string head = GENERATE("5;x=", "0\r\nTrailer: ");
  t.c.send(chunked_post("/import", head));
  const auto one = t.open.take();
  const auto waiting = ask(*one);
  static_cast<void>(t.c.send_some(std::string(100000, 'x')));
  CHECK(waiting->take().failed);
}

TEST_CASE("A client that disappears in the middle of its body ends both streams") {
  streamed_conversation t;
  t.c.send(post_head("/import", 100) + "line\nhalf a li");
  const auto one = t.open.take();
  one->begin(ndjson());
  CHECK(ask(*one)->take().bytes == "line\nhalf a li");
  const auto waiting = ask(*one);
  t.c.reset();
  CHECK(waiting->take().failed);
  CHECK(!write(*one, "result\n"));
  CHECK(ask(*one)->take().failed);
  one->end();
  t.s.closed.take();
}

TEST_CASE("A client that disappears while it is written to is noticed by the writer") {
  streamed_conversation t;
  t.c.send(get("/export"));
  const auto one = t.open.take();
  one->begin(ndjson());
  CHECK(write(*one, "first\n"));
  CHECK(t.c.receive(true).status == 200);
  SECTION("at the next writes") {
    t.c.close();
    bool ok = true;
    for (int i = 0; i < 1000 && ok; ++i)
      ok = write(*one, std::string(10000, 'x'));
    CHECK(!ok);
  }
  SECTION("while a write waits") {
    std::shared_ptr<outcomes> stuck;
    for (int i = 0; i < 100 && !stuck; ++i) {
      auto done = start_write(*one, std::string(1U << 20U, 'x'));
      if (done->stays_empty(300ms))
        stuck = done;
    }
    REQUIRE(stuck);
    t.c.reset();
    CHECK(!stuck->take());
  }
  CHECK(!write(*one, "more"));
  t.s.closed.take();
}

TEST_CASE("An answer whose exchange is let go of is cut short, and looks so") {
  streamed_conversation t;
  t.c.send(get("/export") + get("/never"));
  auto one = t.open.take();
  one->begin(ndjson());
  CHECK(write(*one, "first\n"));
  one.reset();
  CHECK(t.c.receive(true).status == 200);
  CHECK(t.c.receive_chunk() == "first\n");
  CHECK(t.c.sees_end()); // and no last chunk was pending
  CHECK(t.open.size() == 0);
  t.s.closed.take();
}

TEST_CASE("A streamed request whose exchange is let go of is answered 503") {
  streamed_conversation t;
  t.c.send(post_head("/import", 100) + "half");
  auto one = t.open.take();
  CHECK(ask(*one)->take().bytes == "half");
  one.reset();
  const auto answer = t.c.receive();
  CHECK(answer.status == 503);
  CHECK(answer.has("Connection: close"));
  CHECK(t.c.sees_end());
}

TEST_CASE("A second ask fails, and the first is served") {
  streamed_conversation t;
  t.c.send(post_head("/import", 5));
  const auto one = t.open.take();
  const auto first = ask(*one);
  CHECK(ask(*one)->take().failed);
  t.c.send("hello");
  CHECK(first->take().bytes == "hello");
}

TEST_CASE("A second write at a time cuts the answer short rather than leave a hole in it") {
  streamed_conversation t;
  t.c.send(get("/export"));
  const auto one = t.open.take();
  one->begin(ndjson());
  std::shared_ptr<outcomes> first;
  std::shared_ptr<outcomes> second;
  t.s.in_io_thread([&] { // so that the first cannot be done before the second is there
    first = start_write(*one, std::string(std::size_t{64} << 20U, 'x'));
    second = start_write(*one, "y");
  });
  CHECK(!second->take());
  CHECK(!first->take());
  t.s.closed.take();
}

TEST_CASE("A body that is not streamed cannot be asked for") {
  streamed_conversation t;
  t.c.send(get("/a"));
  const auto one = t.open.take();
  CHECK(ask(*one)->take().failed);
  CHECK(!write(*one, "not begun"));
  one->end();
  one->respond(echo(one->request()));
  CHECK(t.c.receive().body == "GET /a");
}

TEST_CASE("What comes too late for one exchange does not touch the next") {
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
  const auto one = t.open.take();
  one->read_body(100, [](const cm::http::body_piece&) { throw std::runtime_error("broken"); });
  t.s.closed.take();
  CHECK(t.s.refusals.take().reason == "broken");
}

// --- Time ------------------------------------------------------------------------------------------------------------

TEST_CASE("A body that stops coming fails, and the client can still be answered") {
  streamed_conversation t{[](server& s) { s.settings->stream_idle_timeout = 100ms; }};
  t.c.send(post_head("/import", 100) + "half");
  const auto one = t.open.take();
  CHECK(read_all(*one) == "half<failed>");
  one->begin(ndjson());
  one->end();
  CHECK(t.c.receive_chunked().status == 200);
  CHECK(t.c.sees_end());
}

TEST_CASE("A body may take as long as it keeps coming") {
  streamed_conversation t{[](server& s) {
    s.settings->stream_idle_timeout = 500ms;
    s.settings->body_timeout = 100ms;
    s.settings->response_timeout = 500ms;
  }};
  constexpr int pieces = 20;
  t.c.send(post_head("/import", pieces));
  const auto one = t.open.take();
  for (int i = 0; i < pieces; ++i) {
    const auto waiting = ask(*one);
    CHECK(waiting->stays_empty(50ms)); // a second altogether
    t.c.send("x");
    CHECK(waiting->take().bytes == "x");
  }
  one->respond(echo(one->request()));
  CHECK(t.c.receive().status == 200);
}

TEST_CASE("An answer may take as long as it keeps being written") {
  streamed_conversation t{[](server& s) {
    s.settings->stream_idle_timeout = 100ms;
    s.settings->response_timeout = 500ms;
  }};
  t.c.send(get("/export"));
  const auto one = t.open.take();
  one->begin(ndjson());
  CHECK(t.c.receive(true).status == 200);
  for (int i = 0; i < 5; ++i) {
    CHECK(t.s.closed.stays_empty(200ms)); // longer than stream_idle_timeout: nobody waits for the client
    CHECK(write(*one, "x"));
    CHECK(t.c.receive_chunk() == "x");
  }
  one->end();
  CHECK(t.c.receive_chunk().empty());
}

TEST_CASE("A streamed exchange that nobody works on is answered 503") {
  streamed_conversation t{[](server& s) { s.settings->response_timeout = 100ms; }};
  t.c.send(post_head("/import", 100) + "half");
  const auto one = t.open.take();
  CHECK(t.c.receive().status == 503);
  CHECK(!one->begin(ndjson()));
  CHECK(!write(*one, "late"));
  CHECK(ask(*one)->take().failed);
  CHECK(t.c.sees_end());
}

TEST_CASE("A begun answer that nobody goes on with is cut short") {
  streamed_conversation t{[](server& s) { s.settings->response_timeout = 100ms; }};
  t.c.send(get("/export"));
  const auto one = t.open.take();
  one->begin(ndjson());
  CHECK(write(*one, "x"));
  CHECK(t.c.receive(true).status == 200);
  CHECK(t.c.receive_chunk() == "x");
  CHECK(t.c.sees_end());
  CHECK(!write(*one, "late"));
  t.s.closed.take();
}

TEST_CASE("A client that does not read its answer is cut off") {
  streamed_conversation t{[](server& s) { s.settings->stream_idle_timeout = 100ms; }};
  t.c.send(get("/export"));
  const auto one = t.open.take();
  one->begin(ndjson());
  CHECK(!write(*one, std::string(std::size_t{64} << 20U, 'x')));
  t.s.closed.take();
}

// --- Closing ---------------------------------------------------------------------------------------------------------

TEST_CASE("Graceful close lets a stream finish") {
  streamed_conversation t;
  t.c.send(chunked_post("/import"));
  const auto one = t.open.take();
  const bool begun_before = GENERATE(true, false);
  if (begun_before)
    one->begin(ndjson());
  t.s.connections.take()->graceful_close();
  CHECK(t.s.closed.stays_empty(300ms)); // longer than drain_linger
  t.c.send("5\r\nhello\r\n0\r\n\r\n" + get("/never"));
  CHECK(read_all(*one) == "hello");
  if (!begun_before)
    one->begin(ndjson());
  CHECK(write(*one, "world"));
  one->end();
  const auto answer = t.c.receive_chunked();
  CHECK(answer.body == "world");
  CHECK(answer.has("Connection: close") == !begun_before);
  CHECK(t.c.sees_end());
  CHECK(t.open.size() == 0);
}

TEST_CASE("Abort ends both streams") {
  streamed_conversation t;
  t.c.send(post_head("/import", 100));
  const auto one = t.open.take();
  const auto waiting = ask(*one);
  one->begin(ndjson());
  CHECK(t.c.receive(true).status == 200);
  t.s.connections.take()->abort();
  CHECK(waiting->take().failed);
  CHECK(!write(*one, "x"));
  CHECK(t.c.sees_end());
  t.s.closed.take();
}

TEST_CASE("A streamed exchange may outlive its connection and the io_context") {
  exchange_ptr one;
  {
    streamed_conversation t;
    t.c.send(post_head("/import", 100));
    one = t.open.take();
    one->begin(ndjson());
  }
  CHECK(ask(*one)->take().failed);
  CHECK(!write(*one, "x"));
  one->end();
}
