#include "fixture.hpp"
#include "http/server/problem.hpp"

using namespace cm::test;

TEST_CASE("A streamed request is handed out with its header, and its body comes as it is asked for") {
  streamed_conversation t;
  t.c.send(post_head("/import", 11, "Content-Type: application/x-ndjson\r\n"));
  const auto one = t.open.take();
  CHECK(one->streamed());
  CHECK(one->request().header("Content-Type") == "application/x-ndjson");
  CHECK(one->request().body().empty());
  const auto first = ask(*one);
  CHECK(first->stays_empty(20ms));
  t.c.send("hello ");
  const auto piece = first->take();
  CHECK(piece.bytes == "hello ");
  CHECK(!piece.last);
  t.c.send("world");
  const auto rest = ask(*one)->take();
  CHECK(rest.bytes == "world");
  CHECK(rest.last);
  CHECK(ask(*one)->take().last); // and nothing comes after it
  one->respond(cm::http::json_response(200, "{}"));
  const auto answer = t.c.receive();
  CHECK(answer.body == "{}");
  CHECK(answer.has("Connection: keep-alive"));
  t.c.send(get("/next"));
  CHECK(!t.open.take()->streamed());
}

TEST_CASE("A streamed body has its framing taken off, whatever the size of the pieces") {
  streamed_conversation t;
  const std::size_t at_most = GENERATE(1U, 2U, 7U, 65536U);
  t.c.send(chunked_post("/a", "3;x=y\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\nTrailer: x\r\n\r\n")
           + post("/b", "0123456789") + post("/c", ""));
  for (const std::string body : {"abc0123456789abcdef", "0123456789", ""}) {
    const auto one = t.open.take();
    CHECK(read_all(*one, at_most) == body);
    one->respond(echo(one->request()));
    CHECK(t.c.receive().has("Connection: keep-alive"));
  }
}

TEST_CASE("A streamed body may be longer than any limit of a collected one") {
  streamed_conversation t;
  constexpr std::size_t size = std::size_t{8} * 1024 * 1024;
  std::thread sender{[&] {
    t.c.send(post_head("/a", size));
    t.c.send(std::string(size, 'x'));
  }};
  const auto one = t.open.take();
  CHECK(read_all(*one).size() == size);
  sender.join();
}

TEST_CASE("An answer is written in chunks and the connection goes on") {
  streamed_conversation t;
  t.c.send(get("/export", "Correlation-ID: c-1\r\n") + get("/next"));
  const auto one = t.open.take();
  CHECK(!one->streamed());
  CHECK(one->begin(ndjson()));
  CHECK(one->answered());
  CHECK(!one->begin(ndjson()));
  CHECK(!one->respond(ndjson()));
  CHECK(write(*one, "{\"a\":1}\n"));
  CHECK(write(*one, "")); // is not the last chunk
  CHECK(write(*one, std::string(100000, 'x')));
  one->end();
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

TEST_CASE("An answer may be begun, written and ended without waiting in between") {
  streamed_conversation t;
  t.c.send(get("/a") + get("/b"));
  for (const std::string body : {"hello", ""}) {
    const auto one = t.open.take();
    one->begin(ndjson());
    std::shared_ptr<outcomes> done = body.empty() ? nullptr : start_write(*one, body);
    one->end();
    CHECK(t.c.receive_chunked().body == body);
    CHECK((!done || done->take()));
  }
}

TEST_CASE("Chunks are written while a read waits") {
  streamed_conversation t;
  t.c.send(chunked_post("/import"));
  const auto one = t.open.take();
  auto waiting = ask(*one);
  one->begin(ndjson());
  CHECK(t.c.receive(true).status == 200);
  for (int i = 0; i < 100; ++i) {
    const std::string line = "line " + std::to_string(i) + "\n";
    CHECK(write(*one, "before " + line));
    CHECK(t.c.receive_chunk() == "before " + line);
    CHECK(waiting->size() == 0);
    t.c.send("10\r\n" + line + std::string(16 - line.size(), ' ') + "\r\n");
    CHECK(waiting->take().bytes.substr(0, line.size()) == line);
    waiting = ask(*one);
  }
  t.c.send("0\r\n\r\n" + get("/next"));
  CHECK(waiting->take().last);
  one->end();
  CHECK(t.c.receive_chunk().empty());
  CHECK(t.open.take()->request().target() == "/next");
}

TEST_CASE("100 Continue is sent when the body of a streamed request is asked for") {
  streamed_conversation t;
  t.c.send(post_head("/a", 5, "Expect: 100-continue\r\n"));
  const auto one = t.open.take();
  CHECK(t.c.send_some("") == 0);
  const auto waiting = ask(*one);
  CHECK(t.c.receive().head == "HTTP/1.1 100 Continue\r\n\r\n");
  t.c.send("hello");
  CHECK(waiting->take().bytes == "hello");
  one->begin(ndjson());
  one->end();
  CHECK(t.c.receive_chunked().status == 200);
}

TEST_CASE("100 Continue goes before an answer that is begun before the body is read") {
  streamed_conversation t;
  t.c.send(post_head("/a", 5, "Expect: 100-continue\r\n"));
  const auto one = t.open.take();
  one->begin(ndjson());
  CHECK(t.c.receive().status == 100);
  CHECK(t.c.receive(true).status == 200);
  t.c.send("hello");
  CHECK(read_all(*one) == "hello");
  one->end();
  CHECK(t.c.receive_chunk().empty());
}

TEST_CASE("A streamed request that is refused is never told to continue") {
  streamed_conversation t;
  t.c.send(post_head("/a", 5, "Expect: 100-continue\r\n"));
  const auto one = t.open.take();
  one->respond(cm::http::problem(one->request(), 415));
  const auto answer = t.c.receive();
  CHECK(answer.status == 415);
  CHECK(answer.has("Connection: close"));
  CHECK(t.c.sees_end());
}

TEST_CASE("A client whose body nobody wants gets its answer though it goes on sending") {
  streamed_conversation t;
  std::thread sender{[&] {
    try {
      t.c.send(post_head("/a", 100000000));
      t.c.send(std::string(1000000, 'x'));
    } catch (const std::exception&) {
      // The server closed before all was sent: allowed, the answer is what counts.
      return;
    }
  }};
  const auto one = t.open.take();
  CHECK(ask(*one, 10)->take().bytes.size() == 10);
  one->respond(cm::http::problem(one->request(), 415));
  const auto answer = t.c.receive();
  CHECK(answer.status == 415);
  CHECK(answer.has("Connection: close"));
  sender.join();
  CHECK(ask(*one)->take().failed);
}

TEST_CASE("A read that waits fails when the request is answered") {
  streamed_conversation t;
  t.c.send(post_head("/a", 5));
  const auto one = t.open.take();
  const auto waiting = ask(*one);
  SECTION("whole") {
    one->respond(echo(one->request()));
    CHECK(t.c.receive().has("Connection: close"));
  }
  SECTION("in pieces") {
    one->begin(ndjson());
    one->end();
    CHECK(t.c.receive_chunked().status == 200);
  }
  CHECK(waiting->take().failed);
  CHECK(t.c.sees_end());
}

TEST_CASE("An answer that ends before the body was read closes the connection") {
  streamed_conversation t;
  t.c.send(post("/a", "hello") + get("/never"));
  const auto one = t.open.take();
  one->begin(ndjson());
  CHECK(write(*one, "x"));
  one->end();
  CHECK(t.c.receive_chunked().body == "x");
  CHECK(t.c.sees_end());
  CHECK(t.open.size() == 0);
}

TEST_CASE("A body of no bytes need not be asked for") {
  streamed_conversation t;
  t.c.send(chunked_post("/a", "0\r\n\r\n") + post("/b", ""));
  for (int i = 0; i < 2; ++i) {
    const auto one = t.open.take();
    one->respond(echo(one->request()));
    CHECK(t.c.receive().has("Connection: keep-alive"));
  }
}

TEST_CASE("A short chunk is given out as soon as it is there") {
  streamed_conversation t;
  t.c.send(chunked_post("/a", "4\r\nabc"));
  const auto one = t.open.take();
  CHECK(ask(*one)->take().bytes == "abc");
  t.c.send("d\r\n");
  const auto piece = ask(*one)->take();
  CHECK(piece.bytes == "d");
  CHECK(!piece.last);
  t.c.send("1\r\ne\r\n");
  CHECK(ask(*one)->take().bytes == "e");
  t.c.send("0\r\n\r\n");
  CHECK(ask(*one)->take().last);
}

TEST_CASE("Requests behind a streamed one wait for it") {
  streamed_conversation t;
  t.c.send(post("/1", "one") + chunked_post("/2", "3\r\ntwo\r\n0\r\n\r\n") + get("/3") + post("/4", "four"));
  for (const std::string body : {"one", "two", "", "four"}) {
    const auto one = t.open.take();
    if (one->streamed())
      CHECK(read_all(*one) == body);
    CHECK(t.open.stays_empty(20ms));
    one->begin(ndjson());
    CHECK(write(*one, std::string{one->request().target()}));
    one->end();
  }
  for (const std::string target : {"/1", "/2", "/3", "/4"})
    CHECK(t.c.receive_chunked().body == target);
}

TEST_CASE("HEAD gets the header of a streamed answer and no body") {
  streamed_conversation t;
  t.c.send("HEAD /export HTTP/1.1\r\nHost: cm\r\n\r\n" + get("/next"));
  const auto one = t.open.take();
  one->begin(ndjson());
  CHECK(write(*one, "not seen"));
  one->end();
  CHECK(t.c.receive(true).has("Transfer-Encoding: chunked"));
  const auto next = t.open.take();
  next->respond(echo(next->request()));
  CHECK(t.c.receive().body == "GET /next");
}

TEST_CASE("An HTTP/1.0 client gets the pieces as they are, and the end of the connection") {
  streamed_conversation t;
  t.c.send("POST /import HTTP/1.0\r\nConnection: keep-alive\r\nContent-Length: 2\r\n\r\nab");
  auto one = t.open.take();
  CHECK(read_all(*one) == "ab");
  one->begin(ndjson());
  CHECK(write(*one, "one "));
  CHECK(write(*one, "two"));
  SECTION("which is orderly after the end") {
    one->end();
    const auto answer = t.c.receive(true);
    CHECK(answer.has("Connection: close"));
    CHECK(answer.head.find("Transfer-Encoding") == std::string::npos);
    CHECK(!t.c.sees_end());
    CHECK(t.c.pending() == "one two");
  }
  SECTION("which is not when the answer was cut short") {
    one.reset();
    CHECK(t.c.sees_reset());
  }
}
