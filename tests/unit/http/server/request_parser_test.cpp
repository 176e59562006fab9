#include "core/base/uuid.hpp"
#include "http/server/request_parser.hpp"
#include "parsed.hpp"

using cm::http::method;
using cm::test::parse;

namespace {

const std::string host = "Host: cm\r\n";

std::string get(const std::string& target, const std::string& headers = {}) {
  return "GET " + target + " HTTP/1.1\r\n" + host + headers + "\r\n";
}

} // namespace

TEST_CASE("A request is parsed regardless of how it is split into pieces") {
  const std::string bytes = "POST /a%20b/c?x=1&x=2&y=a+b%2B HTTP/1.1\r\n" + host
                            + "Correlation-ID: abc-1\r\nX: 1\r\nx: 2\r\nContent-Length: 5\r\n\r\nhello";
  const std::size_t step = GENERATE(0U, 1U, 2U, 3U, 7U, 50U);
  const auto result = parse(bytes + "GET", step);
  REQUIRE(result.complete);
  CHECK(result.consumed == bytes.size());
  CHECK(result.keep_alive);
  const auto& request = result.request;
  CHECK(request.verb() == method::post);
  CHECK(request.target() == "/a%20b/c?x=1&x=2&y=a+b%2B");
  CHECK(request.path() == "/a%20b/c");
  REQUIRE(request.segment_count() == 2);
  CHECK(request.segment(0) == "a b");
  CHECK(request.segment(1) == "c");
  CHECK(request.parameters("x") == std::vector<std::string_view>{"1", "2"});
  CHECK(request.parameters("y") == std::vector<std::string_view>{"a b+"});
  CHECK(request.parameters("z").empty());
  CHECK(request.header("x") == "1");
  CHECK(request.joined_header("X") == "1, 2");
  CHECK(!request.header("Y"));
  CHECK(request.body() == "hello");
  CHECK(request.correlation_id() == "abc-1");
}

TEST_CASE("A chunked body is reassembled and its trailers are discarded") {
  const std::string bytes = "POST / HTTP/1.1\r\n" + host
                            + "Transfer-Encoding: chunked\r\n\r\n3;a=b\r\nabc\r\n10\r\n0123456789abcdef\r\n0\r\n"
                              "Correlation-ID: forged\r\nAuthorization: forged\r\n\r\n";
  const std::size_t step = GENERATE(0U, 1U, 2U, 3U, 4U, 5U, 6U);
  const auto result = parse(bytes, step);
  REQUIRE(result.complete);
  CHECK(result.request.body() == "abc0123456789abcdef");
  CHECK(result.consumed == bytes.size());
  CHECK(result.request.correlation_id() != "forged");
  CHECK(!result.request.header("Authorization"));
}

TEST_CASE("An empty chunked body can be parsed byte by byte") {
  const auto result = parse("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 1);
  REQUIRE(result.complete);
  CHECK(result.request.body().empty());
}

TEST_CASE("A path is split without normalization") {
  const auto segments = [](const std::string& target) {
    auto result = parse(get(target));
    REQUIRE(result.complete);
    std::vector<std::string> all;
    for (std::size_t i = 0; i < result.request.segment_count(); ++i)
      all.emplace_back(result.request.segment(i));
    return all;
  };
  using list = std::vector<std::string>;
  CHECK(segments("/") == list{});
  CHECK(segments("/a") == list{"a"});
  CHECK(segments("/a/") == list{"a"});
  CHECK(segments("/a//") == list{"a", ""});
  CHECK(segments("//a") == list{"", "a"});
  CHECK(segments("/a%2Fb/c") == list{"a/b", "c"});
  CHECK(segments("/a+b") == list{"a+b"});
  CHECK(segments("/a/../b") == list{"a", "..", "b"});
  CHECK(segments("http://cm:80/a/b?c=/d") == list{"a", "b"});
  CHECK(segments("http://cm") == list{});
  CHECK(parse(get("http://cm/a?b=c")).request.path() == "/a");
}

TEST_CASE("A malformed target is refused with 400") {
  const std::string target =
    GENERATE("a", "/%", "/%4", "/%zz", "/a?x=%g1", "*", "http:", "/a#b", "/a\x80", "/a|b", "cm:80", "mailto:a@b");
  INFO(target);
  CHECK(parse(get(target)).failure == 400);
}

TEST_CASE("OPTIONS accepts * as its target") {
  const auto result = parse("OPTIONS * HTTP/1.1\r\n" + host + "\r\n");
  REQUIRE(result.complete);
  CHECK(result.request.segment_count() == 0);
}

TEST_CASE("A malformed request is refused with 400") {
  const std::string bytes = GENERATE(
    "GET\r\n\r\n", "GET /\r\n\r\n", " GET / HTTP/1.1\r\n\r\n", "GET / HTTP/1.1\n\n", "GET / HTTP/1.1\r\nA b\r\n\r\n",
    "GET / HTTP/1.1\r\nHost : cm\r\n\r\n", "GET / HTTP/1.1\r\nHost: c\x01m\r\n\r\n", "GET / HTTP/1.1\r\n: a\r\n\r\n",
    "GET / FTP/1.1\r\nHost: cm\r\n\r\n", "G(T / HTTP/1.1\r\nHost: cm\r\n\r\n", "GET / HTTP/1.1\r\n\r\n",
    "GET / HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n", "\x16\x03\x01\x02\x01\x01\x01\x01\xfc\x03\x03");
  INFO(bytes);
  CHECK(parse(bytes).failure == 400);
  CHECK(!parse(bytes, 1).complete);
}

TEST_CASE("An unsupported HTTP version is refused with 505") {
  const std::string bytes = GENERATE("GET / HTTP/2.0\r\nHost: cm\r\n\r\n", "GET / HTTP/0.9\r\n\r\n",
                                     "GET / HTTP/1.2\r\nHost: cm\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
  CHECK(parse(bytes).failure == 505);
}

TEST_CASE("Ambiguous requests, which allow request smuggling, are refused") {
  const std::string post = "POST / HTTP/1.1\r\n" + host;
  const std::string headers = GENERATE(
    "Content-Length: 3\r\nTransfer-Encoding: chunked\r\n", "Transfer-Encoding: chunked\r\nContent-Length: 3\r\n",
    "Content-Length: 3\r\nContent-Length: 4\r\n", "Content-Length: 3\r\nContent-Length: 3\r\n",
    "Content-Length: 3, 3\r\n", "Content-Length: 3, 4\r\n", "Content-Length: +3\r\n", "Content-Length: -3\r\n",
    "Content-Length: 0x3\r\n", "Content-Length: \r\n", "Content-Length: 3 3\r\n",
    "Content-Length: 99999999999999999999\r\n", "Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: identity\r\nTransfer-Encoding: chunked\r\n",
    "Transfer-Encoding: identity\r\nContent-Length: 3\r\n", "Transfer-Encoding : chunked\r\n",
    "Transfer-Encoding: \x0b"
    "chunked\r\n");
  INFO(headers);
  CHECK(parse(post + headers + "\r\n3\r\nabc\r\n0\r\n\r\n").failure == 400);
}

TEST_CASE("An unknown transfer coding is refused with 501") {
  const std::string coding = GENERATE("gzip", "gzip, chunked", "chunked, gzip", "xchunked", "chunked, chunked");
  CHECK(parse("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: " + coding + "\r\n\r\n").failure == 501);
}

TEST_CASE("HTTP/1.0 has no chunked bodies") {
  CHECK(parse("POST / HTTP/1.0\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n").failure == 400);
}

TEST_CASE("Keep-alive depends on version and Connection header") {
  CHECK(parse(get("/")).keep_alive);
  CHECK(!parse(get("/", "Connection: close\r\n")).keep_alive);
  CHECK(!parse("GET / HTTP/1.0\r\n\r\n").keep_alive);
  CHECK(parse("GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").keep_alive);
}

TEST_CASE("Header and target are limited") {
  const std::size_t step = GENERATE(0U, 1U, 1000U);
  CHECK(parse(get("/" + std::string(8191, 'a')), step).complete);
  CHECK(parse(get("/" + std::string(8192, 'a')), step).failure == 414);
  CHECK(parse(get("/" + std::string(20000, 'a')), step).failure == 414);
  const std::string fields = [] {
    std::string many;
    for (int i = 0; i < 100; ++i)
      many.append("A: ").append(std::string(95, 'b')).append("\r\n");
    return many; // 10,000 bytes
  }();
  CHECK(parse(get("/", fields), step).complete);
  CHECK(parse(get("/", fields + fields), step).failure == 431);
  CHECK(parse(get("/", "A: " + std::string(17000, 'b') + "\r\n"), step).failure == 431);
  // Exactly 16 KiB is accepted, one byte more is not.
  const std::string rest = get("/", "A: \r\n");
  CHECK(parse(get("/", "A: " + std::string(16384 - rest.size(), 'b') + "\r\n"), step).complete);
  CHECK(parse(get("/", "A: " + std::string(16385 - rest.size(), 'b') + "\r\n"), step).failure == 431);
}

TEST_CASE("The body is limited, and Content-Length is checked before the body is read") {
  const std::string post = "POST / HTTP/1.1\r\n" + host;
  CHECK(parse(post + "Content-Length: 10\r\n\r\n0123456789", 0, 10).complete);
  CHECK(parse(post + "Content-Length: 11\r\n\r\n", 0, 10).failure == 413);
  const std::string chunked = post + "Transfer-Encoding: chunked\r\n\r\n";
  CHECK(parse(chunked + "5\r\n01234\r\n5\r\n56789\r\n0\r\n\r\n", 0, 10).complete);
  CHECK(parse(chunked + "5\r\n01234\r\n6\r\n567890\r\n0\r\n\r\n", 0, 10).failure == 413);
  CHECK(parse(chunked + "ffffffffffffffff\r\n", 0, 10).failure == 413);
  CHECK(parse(chunked + "10000000000000000\r\n", 0, 10).failure == 400);
  CHECK(parse(chunked + "5\r\n01234567\r\n0\r\n\r\n", 0, 10).failure == 400);
  CHECK(parse(chunked + "zz\r\n01234567\r\n0\r\n\r\n", 0, 10).failure == 400);
}

TEST_CASE("Chunk extensions are limited in proportion to the body") {
  std::string bytes = "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n";
  for (int i = 0; i < 40; ++i)
    bytes.append("1;e=").append(std::string(2000, 'x')).append("\r\na\r\n");
  CHECK(parse(bytes + "0\r\n\r\n", 0, 1000).failure == 413);
}

TEST_CASE("A request that needs a body must declare its framing") {
  const std::string verb = GENERATE("POST", "PUT", "PATCH");
  CHECK(parse(verb + " / HTTP/1.1\r\n" + host + "\r\n").failure == 411);
  CHECK(parse(verb + " / HTTP/1.1\r\n" + host + "Content-Length: 0\r\n\r\n").complete);
}

TEST_CASE("GET and DELETE may have a body") {
  const std::string verb = GENERATE("GET", "DELETE");
  const auto result = parse(verb + " / HTTP/1.1\r\n" + host + "Content-Length: 2\r\n\r\nab");
  REQUIRE(result.complete);
  CHECK(result.request.body() == "ab");
}

TEST_CASE("100-continue is the only supported expectation") {
  const std::string post = "POST / HTTP/1.1\r\n" + host + "Content-Length: 1\r\n";
  CHECK(parse(post + "Expect: 100-Continue\r\n\r\n").expects_continue);
  CHECK(!parse(post + "\r\n").expects_continue);
  CHECK(parse(post + "Expect: a-pony\r\n\r\n").failure == 417);
  CHECK(!parse("POST / HTTP/1.0\r\nContent-Length: 1\r\nExpect: 100-continue\r\n\r\n").expects_continue);
  CHECK(!parse("POST / HTTP/1.1\r\n" + host + "Content-Length: 0\r\nExpect: 100-continue\r\n\r\n").expects_continue);
}

TEST_CASE("Empty lines before a request are ignored") {
  CHECK(parse("\r\n\r\n" + get("/")).complete);
  CHECK(parse("\r\n\r\n" + get("/"), 1).complete);
  CHECK(!parse("\r\n").complete);
}

TEST_CASE("A valid correlation ID is used, otherwise one is generated") {
  const auto id = [](const std::string& value) {
    return parse(get("/", "correlation-id: " + value + "\r\n")).request.correlation_id();
  };
  CHECK(id("order-4711/a") == "order-4711/a");
  CHECK(id(std::string(128, 'x')) == std::string(128, 'x'));
  const std::string bad = GENERATE(std::string(129, 'x'), std::string{"a b"}, std::string{""}, std::string{"\xc3\xa4"});
  CHECK(cm::core::parse_uuid(id(bad)));
  const auto none = parse(get("/"));
  CHECK(cm::core::parse_uuid(none.request.correlation_id()));
  CHECK(none.request.correlation_id() != parse(get("/")).request.correlation_id());
}

TEST_CASE("Method names are case-sensitive, and unknown ones are method::other") {
  CHECK(cm::http::parse_method("GET") == method::get);
  CHECK(cm::http::parse_method("get") == method::other);
  CHECK(parse("BREW / HTTP/1.1\r\n" + host + "\r\n").request.verb() == method::other);
  CHECK(cm::http::to_string(method::delete_) == "DELETE");
  CHECK(cm::http::to_string(method::other).empty());
}

TEST_CASE("A streamed body is delivered in pieces, never more than was consumed") {
  const std::size_t step = GENERATE(1U, 3U, 7U, 1000U, 1000000U);
  const std::string body(300000, 'x'); // more than the limit of a buffered body
  const std::string post = "POST / HTTP/1.1\r\n" + host;
  const auto sized = cm::test::parse_streamed(post + "Content-Length: 300000\r\n\r\n" + body, step);
  CHECK(sized.complete);
  CHECK(sized.bytes == body);
  CHECK(sized.max_piece <= step);
  const auto chunked = cm::test::parse_streamed(
    post + "Transfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n493e0\r\n" + body + "\r\n0\r\nA: b\r\n\r\n", step);
  CHECK(chunked.complete);
  CHECK(chunked.bytes == "abc" + body);
  CHECK(chunked.max_piece <= step + 5); // up to 5 bytes may remain from the previous step
  CHECK(cm::test::parse_streamed(post + "Content-Length: 0\r\n\r\n", step).complete);
}

TEST_CASE("The beginning of an incomplete chunk is delivered immediately") {
  const auto result =
    cm::test::parse_streamed("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n2\r\nab\r\n2\r\nc", 1);
  CHECK(result.bytes == "abc");
}

TEST_CASE("Content-Length of a streamed body reserves no memory") {
  const auto result =
    cm::test::parse_streamed("POST / HTTP/1.1\r\n" + host + "Content-Length: 9223372036854775807\r\n\r\nabc", 1000);
  CHECK(!result.complete);
  CHECK(result.failure == 0);
  CHECK(result.bytes == "abc");
}

TEST_CASE("Streamed and buffered bodies have the same strict framing") {
  const std::size_t step = GENERATE(1U, 5U, 1000000U);
  const auto failure = [&](const std::string& chunks) {
    return cm::test::parse_streamed("POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n" + chunks, step)
      .failure;
  };
  CHECK(failure("5\r\n01234567\r\n0\r\n\r\n") == 400);
  CHECK(failure("zz\r\n01234567\r\n0\r\n\r\n") == 400);
  CHECK(failure("10000000000000000\r\n") == 400);
  CHECK(failure("-1\r\n\r\n\r\n") == 400);
}

TEST_CASE("The framing of a streamed body is limited in proportion to the body") {
  const std::size_t step = GENERATE(1U, 1000000U);
  std::string bytes = "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n";
  std::string small = bytes;
  for (int i = 0; i < 20000; ++i)
    small.append("1\r\na\r\n"); // inefficient, but valid
  const auto accepted = cm::test::parse_streamed(small + "0\r\n\r\n", step);
  CHECK(accepted.complete);
  CHECK(accepted.bytes.size() == 20000);
  for (int i = 0; i < 40; ++i)
    bytes.append("1;e=").append(std::string(2000, 'x')).append("\r\na\r\n");
  CHECK(cm::test::parse_streamed(bytes + "0\r\n\r\n", step).failure == 413);
  // The trailers after a large body are limited too.
  std::string trailers = "POST / HTTP/1.1\r\n" + host + "Transfer-Encoding: chunked\r\n\r\n493e0\r\n";
  trailers.append(300000, 'x').append("\r\n0\r\n");
  for (int i = 0; i < 20; ++i)
    trailers.append("A: ").append(1000, 'x').append("\r\n");
  CHECK(cm::test::parse_streamed(trailers + "\r\n", step).failure != 0);
}
