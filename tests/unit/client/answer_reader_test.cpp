#include "catch.hpp"
#include "client/service_url.hpp"
#include "http/client/response_reader.hpp"

using namespace cm::client;

namespace {

service_url parsed(std::string_view text) {
  auto result = parse_service_url(text);
  REQUIRE(result.has_value());
  return *std::move(result);
}

} // namespace

TEST_CASE("a response is parsed for any division into pieces, also after a 100 (Continue)") {
  const std::string all =
    "HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 409 Conflict\r\nCorrelation-ID: c-1\r\nRetry-After: 2\r\n"
    "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n2\r\nde\r\n0\r\n\r\n";
  for (std::size_t size = 1; size <= all.size(); ++size) {
    answer_reader reader;
    for (std::size_t at = 0; at < all.size(); at += size) {
      CHECK_FALSE(reader.is_done());
      REQUIRE(reader.feed(std::string_view(all).substr(at, size)).has_value());
    }
    REQUIRE(reader.is_done());
    CHECK(reader.is_continued());
    const auto got = reader.take();
    CHECK(got.status == 409);
    CHECK(got.reason == "Conflict");
    CHECK(got.correlation_id == "c-1");
    CHECK(got.retry_after == "2");
    CHECK(got.body == "abcde");
  }
}

TEST_CASE("the body of a 200 is streamed, the body of an error is stored") {
  std::string streamed;
  const auto take = [&](std::string_view bytes) {
    streamed += bytes;
    return true;
  };
  answer_reader good(take);
  REQUIRE(good.feed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc").has_value());
  CHECK(good.is_done());
  CHECK(streamed == "abc");
  CHECK(good.take().body.empty());
  answer_reader bad(take);
  REQUIRE(bad.feed("HTTP/1.1 415 No\r\nContent-Length: 3\r\n\r\nabc").has_value());
  CHECK(bad.take().body == "abc");
}

TEST_CASE("a handler that returns false aborts the reader") {
  answer_reader reader([](auto) { return false; });
  const auto result = reader.feed("HTTP/1.1 200 OK\r\nContent-Length: 3\r\n\r\nabc");
  REQUIRE(result.has_error());
  CHECK(result.error().code == cm::core::errc::internal);
}

TEST_CASE("the end of the connection completes a response without a length, and truncates all others") {
  answer_reader without;
  REQUIRE(without.feed("HTTP/1.1 200 OK\r\n\r\nabc").has_value());
  CHECK(without.end().has_value());
  CHECK(without.take().body == "abc");
  answer_reader cut;
  REQUIRE(cut.feed("HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nabc").has_value());
  CHECK(cut.end().error().message == "the response is incomplete");
  answer_reader chunks;
  REQUIRE(chunks.feed("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n").has_value());
  CHECK(chunks.end().has_error());
  answer_reader nothing;
  CHECK(nothing.end().error().message == "the connection was closed without a response");
}

TEST_CASE("invalid HTTP and too large responses are refused") {
  answer_reader other;
  CHECK(other.feed("SSH-2.0-server\r\n\r\n").has_error());
  answer_reader header;
  REQUIRE(header.feed("HTTP/1.1 200 OK\r\n").has_value());
  bool refused = false;
  for (int i = 0; i < 10'000 && !refused; ++i)
    refused = header.feed("X-Filler: 0123456789012345678901234567890123456789\r\n").has_error();
  CHECK(refused);
  answer_reader body;
  REQUIRE(body.feed("HTTP/1.1 400 Bad\r\n\r\n").has_value());
  const std::string piece(std::size_t{1} << 20U, 'x');
  refused = false;
  for (int i = 0; i < 10 && !refused; ++i)
    refused = body.feed(piece).has_error();
  CHECK(refused);
  answer_reader interim;
  refused = false;
  for (int i = 0; i < 100 && !refused; ++i)
    refused = interim.feed("HTTP/1.1 102 Processing\r\n\r\n").has_error();
  CHECK(refused);
}

TEST_CASE("URLs are parsed") {
  CHECK(parsed("http://cm") == service_url{false, "cm", "80", "cm", ""});
  CHECK(parsed("http://127.0.0.1:8080/") == service_url{false, "127.0.0.1", "8080", "127.0.0.1:8080", ""});
  CHECK(parsed("https://cm:443/a/b/") == service_url{true, "cm", "443", "cm", "/a/b"});
  CHECK(parsed("http://[::1]:81") == service_url{false, "::1", "81", "[::1]:81", ""});
  for (const auto* text : {"", "cm", "cm:80", "ftp://cm", "http://", "http://:80", "http://cm:0", "http://cm:65536",
                           "http://user:secret@cm", "http://cm?q", "http://cm#f", "http://c m"}) {
    INFO(text);
    const auto result = parse_service_url(text);
    REQUIRE(result.has_error());
    CHECK(result.error().message.find("secret") == std::string::npos);
  }
}

TEST_CASE("all characters except unreserved ones are encoded") {
  CHECK(percent_encoded("aZ09-._~") == "aZ09-._~");
  CHECK(percent_encoded("a/b c%\xC3\xA9") == "a%2Fb%20c%25%C3%A9");
}
