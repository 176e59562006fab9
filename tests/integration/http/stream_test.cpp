#include "fixture.hpp"
#include "http/server/problem.hpp"

using namespace cm::test;

TEST_CASE("A streamed request is handed out with its header, and its body is read on demand") {
  streamed_conversation t;
  t.c.send(post_head("/import", 11, "Content-Type: application/x-ndjson\r\n"));
  const auto exchange = t.open.take();
  CHECK(exchange->streamed());
  CHECK(exchange->request().header("Content-Type") == "application/x-ndjson");
  CHECK(exchange->request().body().empty());
  const auto first = ask(*exchange);
  CHECK(first->stays_empty(20ms));
  t.c.send("hello ");
  const auto piece = first->take();
  CHECK(piece.bytes == "hello ");
  CHECK(!piece.last);
  t.c.send("world");
  const auto rest = ask(*exchange)->take();
  CHECK(rest.bytes == "world");
  CHECK(rest.last);
  CHECK(ask(*exchange)->take().last); // nothing follows it
  exchange->respond(cm::http::json_response(200, "{}"));
  const auto answer = t.c.receive();
  CHECK(answer.body == "{}");
  CHECK(answer.has("Connection: keep-alive"));
  t.c.send(get("/next"));
  CHECK(!t.open.take()->streamed());
}

TEST_CASE("The framing of a streamed body is removed for any piece size") {
  streamed_conversation t;
  const std::size_t at_most = GENERATE(1U, 2U, 7U, 65536U);
  t.c.send(chunked_post("/a", "3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n")
           + post("/b", "0123456789") + post("/c", ""));
  for (const std::string body : {"abc0123456789abcdef", "0123456789", ""}) {
    const auto exchange = t.open.take();
    CHECK(read_all(*exchange, at_most) == body);
    exchange->respond(echo(exchange->request()));
    CHECK(t.c.receive().has("Connection: keep-alive"));
  }
}

TEST_CASE("A streamed body may be longer than the limit of buffered bodies") {
  streamed_conversation t;
  constexpr std::size_t size = std::size_t{8} * 1024 * 1024;
  std::thread sender{[&] {
    t.c.send(post_head("/a", size));
    t.c.send(std::string(size, 'x'));
  }};
  const auto exchange = t.open.take();
  CHECK(read_all(*exchange).size() == size);
  sender.join();
}

TEST_CASE("A response is written in chunks and the connection stays open") {
  streamed_conversation t;
  t.c.send(get("/export", "Correlation-ID: c-1\r\n") + get("/next"));
  const auto exchange = t.open.take();
  CHECK(!exchange->streamed());
  CHECK(exchange->begin(ndjson()));
  CHECK(exchange->answered());
  CHECK(!exchange->begin(ndjson()));
  CHECK(!exchange->respond(ndjson()));
  CHECK(write(*exchange, "{\"a\":1}\n"));
  CHECK(write(*exchange, "")); // does not write the last chunk
  CHECK(write(*exchange, std::string(100000, 'x')));
  exchange->end();
  const auto answer = t.c.receive_chunked();
  CHECK(answer.status == 200);
  CHECK(answer.has("Content-Type: application/x-ndjson"));
  CHECK(answer.has("Correlation-ID: c-1"));
  CHECK(answer.has("Connection: keep-alive"));
  CHECK(answer.head.find("Content-Length") == std::string::npos);
  CHECK(answer.body == "{\"a\":1}\n" + std::string(100000, 'x'));
  const auto next = t.open.take();
  next->respond(echo(next->request()));
  CHECK(t.c.receive().body == "GET /next");
}

TEST_CASE("begin(), write() and end() may be called without waiting in between") {
  streamed_conversation t;
  t.c.send(get("/a") + get("/b"));
  for (const std::string body : {"hello", ""}) {
    const auto exchange = t.open.take();
    exchange->begin(ndjson());
    std::shared_ptr<outcomes> done = body.empty() ? nullptr : start_write(*exchange, body);
    exchange->end();
    CHECK(t.c.receive_chunked().body == body);
    CHECK((!done || done->take()));
  }
}

TEST_CASE("Chunks are written while a read is pending") {
  streamed_conversation t;
  t.c.send(chunked_post("/import"));
  const auto exchange = t.open.take();
  auto waiting = ask(*exchange);
  exchange->begin(ndjson());
  CHECK(t.c.receive(true).status == 200);
  for (int i = 0; i < 100; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    CHECK(write(*exchange, "before " + line));
    CHECK(t.c.receive_chunk() == "before " + line);
    CHECK(waiting->size() == 0);
    t.c.send("10\r\n" + line + std::string(16 - line.size(), ' ') + "\r\n");
    CHECK(waiting->take().bytes.substr(0, line.size()) == line);
    waiting = ask(*exchange);
  }
  t.c.send("0\r\n\r\n" + get("/next"));
  CHECK(waiting->take().last);
  exchange->end();
  CHECK(t.c.receive_chunk().empty());
  CHECK(t.open.take()->request().target() == "/next");
}

TEST_CASE("100 Continue is sent with the first read_body() of a streamed request") {
  streamed_conversation t;
  t.c.send(post_head("/a", 5, "Expect: 100-continue\r\n"));
  const auto exchange = t.open.take();
  CHECK(t.c.send_some("") == 0);
  const auto waiting = ask(*exchange);
  CHECK(t.c.receive().head == "HTTP/1.1 100 Continue\r\n\r\n");
  t.c.send("hello");
  CHECK(waiting->take().bytes == "hello");
  exchange->begin(ndjson());
  exchange->end();
  CHECK(t.c.receive_chunked().status == 200);
}

TEST_CASE("100 Continue precedes a response that begins before the body is read") {
  streamed_conversation t;
  t.c.send(post_head("/a", 5, "Expect: 100-continue\r\n"));
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  CHECK(t.c.receive().status == 100);
  CHECK(t.c.receive(true).status == 200);
  t.c.send("hello");
  CHECK(read_all(*exchange) == "hello");
  exchange->end();
  CHECK(t.c.receive_chunk().empty());
}

TEST_CASE("A refused streamed request gets no 100 Continue") {
  streamed_conversation t;
  t.c.send(post_head("/a", 5, "Expect: 100-continue\r\n"));
  const auto exchange = t.open.take();
  exchange->respond(cm::http::problem(exchange->request(), 415));
  const auto answer = t.c.receive();
  CHECK(answer.status == 415);
  CHECK(answer.has("Connection: close"));
  CHECK(t.c.sees_end());
}

TEST_CASE("A client whose body is not read gets its response although it continues to send") {
  streamed_conversation t;
  std::thread sender{[&] {
    try {
      t.c.send(post_head("/a", 100000000));
      t.c.send(std::string(1000000, 'x'));
    } catch (const std::exception&) {
      // The server closed before everything was sent: allowed, only the response matters.
      return;
    }
  }};
  const auto exchange = t.open.take();
  CHECK(ask(*exchange, 10)->take().bytes.size() == 10);
  exchange->respond(cm::http::problem(exchange->request(), 415));
  const auto answer = t.c.receive();
  CHECK(answer.status == 415);
  CHECK(answer.has("Connection: close"));
  sender.join();
  CHECK(ask(*exchange)->take().failed);
}

TEST_CASE("A pending read fails when the request is answered") {
  streamed_conversation t;
  t.c.send(post_head("/a", 5));
  const auto exchange = t.open.take();
  const auto waiting = ask(*exchange);
  SECTION("with one response") {
    exchange->respond(echo(exchange->request()));
    CHECK(t.c.receive().has("Connection: close"));
  }
  SECTION("with a streamed response") {
    exchange->begin(ndjson());
    exchange->end();
    CHECK(t.c.receive_chunked().status == 200);
  }
  CHECK(waiting->take().failed);
  CHECK(t.c.sees_end());
}

TEST_CASE("A response that ends before the body was read closes the connection") {
  streamed_conversation t;
  t.c.send(post("/a", "hello") + get("/never"));
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  CHECK(write(*exchange, "x"));
  exchange->end();
  CHECK(t.c.receive_chunked().body == "x");
  CHECK(t.c.sees_end());
  CHECK(t.open.size() == 0);
}

TEST_CASE("An empty body need not be read") {
  streamed_conversation t;
  t.c.send(chunked_post("/a", "0\r\n\r\n") + post("/b", ""));
  for (int i = 0; i < 2; ++i) {
    const auto exchange = t.open.take();
    exchange->respond(echo(exchange->request()));
    CHECK(t.c.receive().has("Connection: keep-alive"));
  }
}

TEST_CASE("A short chunk is delivered as soon as it is received") {
  streamed_conversation t;
  t.c.send(chunked_post("/a", "4\r\nabc"));
  const auto exchange = t.open.take();
  CHECK(ask(*exchange)->take().bytes == "abc");
  t.c.send("d\r\n");
  const auto piece = ask(*exchange)->take();
  CHECK(piece.bytes == "d");
  CHECK(!piece.last);
  t.c.send("1\r\ne\r\n");
  CHECK(ask(*exchange)->take().bytes == "e");
  t.c.send("0\r\n\r\n");
  CHECK(ask(*exchange)->take().last);
}

TEST_CASE("Requests after a streamed one wait for it") {
  streamed_conversation t;
  t.c.send(post("/1", "one") + chunked_post("/2", "3\r\ntwo\r\n0\r\n\r\n") + get("/3") + post("/4", "four"));
  for (const std::string body : {"one", "two", "", "four"}) {
    const auto exchange = t.open.take();
    if (exchange->streamed())
      CHECK(read_all(*exchange) == body);
    CHECK(t.open.stays_empty(20ms));
    exchange->begin(ndjson());
    CHECK(write(*exchange, std::string{exchange->request().target()}));
    exchange->end();
  }
  for (const std::string target : {"/1", "/2", "/3", "/4"})
    CHECK(t.c.receive_chunked().body == target);
}

TEST_CASE("HEAD gets the header of a streamed response and no body") {
  streamed_conversation t;
  t.c.send("HEAD /export HTTP/1.1\r\nHost: cm\r\n\r\n" + get("/next"));
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  CHECK(write(*exchange, "not seen"));
  exchange->end();
  CHECK(t.c.receive(true).has("Transfer-Encoding: chunked"));
  const auto next = t.open.take();
  next->respond(echo(next->request()));
  CHECK(t.c.receive().body == "GET /next");
}

TEST_CASE("An HTTP/1.0 client gets the pieces without chunking, delimited by the end of the connection") {
  streamed_conversation t;
  t.c.send("POST /import HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab");
  auto exchange = t.open.take();
  CHECK(read_all(*exchange) == "ab");
  exchange->begin(ndjson());
  CHECK(write(*exchange, "one "));
  CHECK(write(*exchange, "two"));
  SECTION("orderly after end()") {
    exchange->end();
    const auto answer = t.c.receive(true);
    CHECK(answer.has("Connection: close"));
    CHECK(answer.head.find("Transfer-Encoding") == std::string::npos);
    CHECK(!t.c.sees_end());
    CHECK(t.c.pending() == "one two");
  }
  SECTION("with a reset after a truncated response") {
    exchange.reset();
    CHECK(t.c.sees_reset());
  }
}
