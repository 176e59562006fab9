#include "catch.hpp"
#include "http/client/response_reader.hpp"

#include <string>

using namespace cm::http;

TEST_CASE("a response is parsed for any division into pieces, also after a 100 (Continue)") {
  const std::string all =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 409 Conflict\r\nCorrelation-ID: c-1\r\nRetry-After: 2\r\n"
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (std::size_t size = 1; size <= all.size(); ++size) {
    response_reader reader;
    for (std::size_t at = 0; at < all.size(); at += size) {
      CHECK_FALSE(reader.is_done());
      REQUIRE(reader.feed(std::string_view(all).substr(at, size)).has_value());
    }
    REQUIRE(reader.is_done());
    CHECK(reader.is_continued());
    const auto got = reader.take();
    CHECK(got.status == 409);
    CHECK(got.reason == "Conflict");
    CHECK(got.field("correlation-id") == "c-1");
    CHECK(got.field("Retry-After") == "2");
    CHECK(got.field("Retry").empty());
    CHECK(got.body == "abcde");
  }
}

TEST_CASE("an empty body is parsed for any division into pieces") {
  for (const std::string end : {"Content-Length: 0\r\n\r\n", "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
                                "Transfer-Encoding: chunked\r\n\r\n0\r\nX: y\r\n\r\n"}) {
    const auto all = "HTTP/1.1 200 OK\r\n" + end;
    for (std::size_t size = 1; size <= all.size(); ++size) {
      INFO(end << size);
      response_reader reader;
      for (std::size_t at = 0; at < all.size(); at += size) {
        CHECK_FALSE(reader.is_done());
        REQUIRE(reader.feed(std::string_view(all).substr(at, size)).has_value());
      }
      REQUIRE(reader.is_done());
      CHECK(reader.keeps_alive());
      CHECK(reader.take().body.empty());
    }
  }
}

TEST_CASE("the body of a 200 is streamed, the body of an error is stored") {
  std::string streamed;
  const auto take = [&](std::string_view bytes) {
    streamed += bytes;
    return true;
  };
  response_reader good({}, take);
  REQUIRE(good.feed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").has_value());
  CHECK(good.is_done());
  CHECK(streamed == "abc");
  CHECK(good.take().body.empty());
  response_reader bad({}, take);
  REQUIRE(bad.feed("HTTP/1.1 415 No\r\nContent-Length: 3\r\n\r\nabc").has_value());
  CHECK(bad.take().body == "abc");
}

TEST_CASE("a handler that returns false aborts the reader") {
  response_reader reader({}, [](auto) { return false; });
  const auto result = reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  REQUIRE(result.has_error());
  CHECK(result.error().code == cm::core::errc::internal);
}

TEST_CASE("the end of the connection completes a response without a length, and truncates all others") {
  response_reader without;
  REQUIRE(without.feed("HTTP/1.1 200 OK\r\n\r\nabc").has_value());
  CHECK(without.end().has_value());
  CHECK(without.take().body == "abc");
  response_reader cut;
  REQUIRE(cut.feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").has_value());
  CHECK(cut.end().error().message == "the response is incomplete");
  response_reader chunks;
  REQUIRE(chunks.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").has_value());
  CHECK(chunks.end().has_error());
  response_reader nothing;
  CHECK(nothing.end().error().message == "the connection was closed without a response");
}

TEST_CASE("invalid HTTP and too large responses are refused") {
  response_reader other;
  CHECK(other.feed("SSH-2.0-server\r\n\r\n").has_error());
  response_reader header;
  REQUIRE(header.feed("HTTP/1.1 200 OK\r\n").has_value());
  bool refused = false;
  for (int i = 0; i < 10'000 && !refused; ++i)
    refused = header.feed("X-Filler: 0123456789012345678901234567890123456789\r\n").has_error();
  CHECK(refused);
  response_reader body;
  REQUIRE(body.feed("HTTP/1.1 400 Bad\r\n\r\n").has_value());
  const std::string piece(std::size_t{1} << 20U, 'x');
  refused = false;
  for (int i = 0; i < 10 && !refused; ++i)
    refused = body.feed(piece).has_error();
  CHECK(refused);
  response_reader interim;
  refused = false;
  for (int i = 0; i < 100 && !refused; ++i)
    refused = interim.feed("HTTP/1.1 102 Processing\r\n\r\n").has_error();
  CHECK(refused);
}

TEST_CASE("the limits are those of the caller, and a streamed body has none") {
  const response_limits limits{.max_header = 60, .max_body = 3};
  response_reader fits(limits);
  REQUIRE(fits.feed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").has_value());
  CHECK(fits.take().body == "abc");
  response_reader announced(limits);
  const auto refused = announced.feed("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n");
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == cm::core::errc::unavailable);
  response_reader chunked(limits);
  CHECK(chunked.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nabcd\r\n").has_error());
  response_reader header(limits);
  CHECK(header.feed("HTTP/1.1 200 OK\r\nX-Filler: 01234567890123456789012345678901234567890\r\n\r\n").has_error());
  response_reader streamed(limits, [](auto) { return true; });
  CHECK(streamed.feed("HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nabcd").has_value());
}

TEST_CASE("a connection is kept only if both sides know where the response ends") {
  const auto kept = [](std::string_view bytes) {
    response_reader reader;
    REQUIRE(reader.feed(bytes).has_value());
    REQUIRE(reader.end().has_value());
    return reader.keeps_alive();
  };
  CHECK(kept("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc"));
  CHECK(kept("HTTP/1.1 204 No Content\r\n\r\n"));
  CHECK_FALSE(kept("HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 3\r\n\r\nabc"));
  CHECK_FALSE(kept("HTTP/1.0 200 OK\r\nContent-Length: 3\r\n\r\nabc"));
  CHECK_FALSE(kept("HTTP/1.1 200 OK\r\n\r\nabc"));
  CHECK_FALSE(kept("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabcHTTP/1.1 200 OK\r\n"));
}
