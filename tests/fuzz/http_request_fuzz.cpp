// For any bytes and any division into pieces, the request parser has the same result within its limits, with stored and
// with streamed bodies, and accepted requests can be routed.
#include "http/rest/endpoint_tokens.hpp"
#include "http/rest/routes.hpp"
#include "http/server/request_parser.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace {

using cm::http::request_parser;

struct outcome {
  std::vector<std::string> requests;

  friend bool operator==(const outcome&, const outcome&) = default;
};

void use(const cm::http::request& request) {
  static const auto routes = cm::http::make_api_router();
  const auto found = routes.match(request);
  if (found.outcome != cm::http::route_outcome::matched) {
    static_cast<void>(cm::http::answer_unmatched(request, found));
    return;
  }
  static_cast<void>(cm::http::parse_create(request, found.parameters));
  static_cast<void>(cm::http::parse_list(request, found.parameters));
}

outcome run(std::string_view bytes, std::size_t step) {
  constexpr std::size_t body_limit = 1000;
  request_parser parser{cm::http::parser_limits{2000, 1000}};
  outcome seen;
  std::string pending;
  while (true) {
    std::size_t used = 0;
    const auto progress = parser.feed(pending, used);
    if (used > pending.size())
      std::abort();
    pending.erase(0, used);
    switch (progress) {
    case request_parser::progress::head:
      if (!parser.set_body_limit(body_limit))
        return seen;
      continue;
    case request_parser::progress::complete: {
      const auto request = parser.take();
      if (request.body().size() > body_limit || request.target().size() > 1000)
        std::abort();
      use(request);
      seen.requests.push_back(std::string{request.target()} + " " + std::string{request.body()});
      parser.reset();
      continue;
    }
    case request_parser::progress::failed:
      if (parser.failure_status() < 400 || parser.head().correlation_id().empty())
        std::abort();
      return seen;
    case request_parser::progress::need_more:
      break;
    }
    if (bytes.empty())
      return seen;
    const std::size_t size = std::min(step, bytes.size());
    pending.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

// Parses the same bytes with streamed bodies: returns the joined pieces, never more than was fed.
outcome run_streamed(std::string_view bytes, std::size_t step) {
  request_parser parser{cm::http::parser_limits{2000, 1000}};
  outcome seen;
  std::string pending;
  std::string body;
  while (true) {
    std::size_t used = 0;
    const auto progress = parser.feed(pending, used);
    const auto piece = parser.take_body();
    if (used > pending.size() || piece.size() > used)
      std::abort();
    body.append(piece);
    pending.erase(0, used);
    switch (progress) {
    case request_parser::progress::head:
      parser.stream_body();
      if (!parser.take().body().empty())
        std::abort();
      continue;
    case request_parser::progress::complete:
      seen.requests.push_back(std::exchange(body, {}));
      parser.reset();
      continue;
    case request_parser::progress::failed:
      return seen;
    case request_parser::progress::need_more:
      break;
    }
    if (bytes.empty())
      return seen;
    const std::size_t size = std::min(step, bytes.size());
    pending.append(bytes.substr(0, size));
    bytes.remove_prefix(size);
  }
}

} // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes{reinterpret_cast<const char*>(data), size}; // NOLINT: bytes as text
  const outcome whole = run(bytes, size + 1);
  if (!(run(bytes, 1) == whole) || !(run(bytes, 7) == whole))
    std::abort();
  const outcome streamed = run_streamed(bytes, size + 1);
  if (!(run_streamed(bytes, 1) == streamed) || !(run_streamed(bytes, 7) == streamed))
    std::abort();
  return 0;
}
