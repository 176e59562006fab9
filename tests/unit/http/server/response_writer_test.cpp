#include "catch.hpp"
#include "http/server/response_writer.hpp"

using cm::http::body_framing;
using cm::http::response;

namespace {

std::string head_of(const response& answer, body_framing framing, bool head_request = false) {
  std::string out;
  cm::http::write_head(out, answer, cm::http::response_context{"c-1", head_request, true, framing}, {});
  return out;
}

bool has(const std::string& head, const std::string& text) {
  return head.find(text) != std::string::npos;
}

} // namespace

TEST_CASE("The header contains exactly one kind of body framing") {
  const auto sized = head_of(cm::http::json_response(200, "{}"), body_framing::sized);
  CHECK(has(sized, "\r\nContent-Length: 2\r\n"));
  CHECK(!has(sized, "Transfer-Encoding"));
  const auto chunked = head_of(cm::http::json_response(200, ""), body_framing::chunked);
  CHECK(has(chunked, "\r\nTransfer-Encoding: chunked\r\n"));
  CHECK(!has(chunked, "Content-Length"));
  const auto until_close = head_of(cm::http::json_response(200, ""), body_framing::until_close);
  CHECK(!has(until_close, "Transfer-Encoding"));
  CHECK(!has(until_close, "Content-Length"));
  CHECK(has(until_close, "\r\n\r\n"));
}

TEST_CASE("A response without a body has no framing") {
  const int status = GENERATE(204, 304);
  const auto head = head_of(cm::http::empty_response(status), body_framing::chunked);
  CHECK(!has(head, "Transfer-Encoding"));
  CHECK(!cm::http::sends_body(cm::http::empty_response(status), false));
}

TEST_CASE("HEAD gets the header of the chunked response") {
  CHECK(has(head_of(cm::http::json_response(200, ""), body_framing::chunked, true), "Transfer-Encoding: chunked"));
  CHECK(!cm::http::sends_body(cm::http::json_response(200, ""), true));
}

TEST_CASE("A chunk starts with its size in hexadecimal, and no chunk is written for no bytes") {
  std::string out;
  cm::http::append_chunk(out, "hello world, here I am");
  CHECK(out == "16\r\nhello world, here I am\r\n");
  cm::http::append_chunk(out, "");
  CHECK(out.size() == 28);
  cm::http::end_chunks(out);
  CHECK(out.substr(28) == "0\r\n\r\n");
  std::string large;
  cm::http::append_chunk(large, std::string(1000000, 'x'));
  CHECK(large.substr(0, 7) == "f4240\r\n");
}
