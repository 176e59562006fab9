// Creates requests for the tests of this module with the parser that connections use.
#pragma once

#include "catch.hpp"
#include "http/server/request_parser.hpp"

#include <algorithm>
#include <string>
#include <string_view>
#include <utility>

namespace cm::test {

/// The result of parsing: a request or a refusal.
struct parsed {
  http::request request;
  int failure = 0;
  bool complete = false;
  bool keep_alive = false;
  bool expects_continue = false;
  std::size_t consumed = 0;
};

/// Feeds `bytes` in pieces of `step` (0: all at once).
inline parsed parse(std::string_view bytes, std::size_t step = 0, std::size_t body_limit = std::size_t{64} * 1024) {
  http::request_parser parser{http::parser_limits{}};
  parsed result;
  std::string pending;
  std::string_view rest = bytes;
  for (;;) {
    std::size_t used = 0;
    const auto progress = parser.feed(pending, used);
    pending.erase(0, used);
    result.consumed += used;
    switch (progress) {
    case http::request_parser::progress::head:
      result.keep_alive = parser.keep_alive();
      result.expects_continue = parser.expects_continue();
      if (!parser.set_body_limit(body_limit)) {
        result.failure = parser.failure_status();
        return result;
      }
      continue;
    case http::request_parser::progress::complete:
      result.complete = true;
      result.request = parser.take();
      return result;
    case http::request_parser::progress::failed:
      result.failure = parser.failure_status();
      return result;
    case http::request_parser::progress::need_more:
      break;
    }
    if (rest.empty())
      return result;
    const std::size_t size = step == 0 ? rest.size() : std::min(step, rest.size());
    pending.append(rest.substr(0, size));
    rest.remove_prefix(size);
  }
}

/// A body that was received in pieces.
struct streamed_body {
  std::string bytes;
  int failure = 0;
  bool complete = false;
  std::size_t max_piece = 0;
};

/// Feeds `bytes`, header and body, in pieces of `step` and takes the body as it is parsed.
inline streamed_body parse_streamed(std::string_view bytes, std::size_t step) {
  http::request_parser parser{http::parser_limits{}};
  streamed_body result;
  std::string pending;
  while (!result.complete && result.failure == 0) {
    std::size_t used = 0;
    const auto progress = parser.feed(pending, used);
    pending.erase(0, used);
    const auto piece = parser.take_body();
    result.max_piece = std::max(result.max_piece, piece.size());
    result.bytes.append(piece);
    if (progress == http::request_parser::progress::head) {
      parser.stream_body();
      REQUIRE(parser.take().body().empty());
      continue;
    }
    result.complete = progress == http::request_parser::progress::complete;
    result.failure = parser.failure_status();
    if (progress != http::request_parser::progress::need_more || bytes.empty())
      break;
    pending.append(bytes.substr(0, step));
    bytes.remove_prefix(std::min(step, bytes.size()));
  }
  return result;
}

/// A request without a body; `headers` are whole lines with CRLF.
inline http::request make_request(std::string_view method, std::string_view target, std::string_view headers = {}) {
  std::string bytes{method};
  bytes.append(" ").append(target).append(" HTTP/1.1\r\nHost: cm\r\n").append(headers);
  if (method == "POST" || method == "PUT" || method == "PATCH")
    bytes.append("Content-Length: 0\r\n");
  bytes.append("\r\n");
  auto result = parse(bytes);
  REQUIRE(result.complete);
  return std::move(result.request);
}

inline http::request make_post(std::string_view target, std::string_view body) {
  std::string bytes = "POST ";
  bytes.append(target).append(" HTTP/1.1\r\nHost: cm\r\nContent-Type: application/json\r\nContent-Length: ");
  bytes.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  auto result = parse(bytes);
  REQUIRE(result.complete);
  return std::move(result.request);
}

} // namespace cm::test
