#include "core/base/secret.hpp"
#include "core/credentials/token_digest.hpp"
#include "core/credentials/token_generator.hpp"
#include "core/credentials/token_hash.hpp"
#include "http/rest/endpoint_tokens.hpp"
#include "http/rest/routes.hpp"
#include "http/server/request_parser.hpp"
#include "http/server/response_writer.hpp"
#include "operations.hpp"
#include "samples.hpp"

#include <memory>
#include <string>
#include <vector>

namespace cm::guard {

namespace {

constexpr std::size_t page_size = 20;
constexpr std::uint64_t total = 57;

std::string head_of(std::string_view verb) {
  std::string text{verb};
  return text.append(" /api/v1/endpoints/")
    .append(sample_endpoint)
    .append("/tokens HTTP/1.1\r\nHost: 127.0.0.1:8080\r\nUser-Agent: guard\r\nAccept: application/json\r\n")
    .append("Correlation-ID: ")
    .append(sample_correlation)
    .append("\r\n");
}

http::request read(http::request_parser& parser, std::string_view bytes) {
  for (;;) {
    std::size_t used = 0;
    const auto progress = parser.feed(bytes, used);
    bytes.remove_prefix(used);
    if (progress == http::request_parser::progress::complete)
      break;
    require(progress == http::request_parser::progress::head && parser.set_body_limit(std::size_t{64} * 1024),
            "a request is not read");
  }
  auto parsed = parser.take();
  parser.reset();
  return parsed;
}

void write(std::string& out, const http::response& answer, const http::request& request) {
  out.clear();
  http::write_head(out, answer, {request.correlation_id()}, core::from_unix_ms(sample_time));
  out.append(answer.body);
}

core::uuid id_of(std::size_t number) {
  core::uuid id = core::parse_uuid(sample_token_id).value();
  id.bytes.back() = static_cast<std::uint8_t>(number);
  return id;
}

std::vector<core::endpoint_token> make_page() {
  std::vector<core::endpoint_token> page(page_size);
  for (std::size_t i = 0; i < page.size(); ++i) {
    auto& token = page[i];
    token.id = id_of(i);
    token.application = sample_application;
    token.endpoint_id = sample_endpoint;
    token.status = core::credential_status::active;
    token.created_at = core::from_unix_ms(sample_time + static_cast<std::int64_t>(i));
    token.updated_at = core::from_unix_ms(sample_time + 60'000);
  }
  return page;
}

// The state that a connection and the actors keep between requests.
struct kept {
  http::router<http::api_route> routes = http::make_api_router();
  http::request_parser parser{http::parser_limits{}};
  std::string out;
  core::token_hasher hasher{core::secret{"key of the guard"}};
};

} // namespace

operation make_list() {
  const auto state = std::make_shared<kept>();
  return [state, bytes = head_of("GET") + "\r\n", page = make_page()] {
    const auto request = read(state->parser, bytes);
    const auto match = state->routes.match(request);
    const auto parsed = http::parse_list(request, match.parameters);
    require(parsed.has_value() && parsed->endpoint_id == sample_endpoint, "a list is not asked for");
    core::token_digest digest;
    for (const auto& token : page)
      digest.add(token);
    write(state->out, http::render_page(request, page, total, digest), request);
    require(state->out.size() > page_size * sample_token_id.size(), "a list is not written");
  };
}

operation make_create() {
  const auto state = std::make_shared<kept>();
  const std::string body = R"({"applicationName":")" + std::string(sample_application) + R"("})";
  const std::string bytes = head_of("POST") + "Content-Type: application/json\r\nContent-Length: "
                            + std::to_string(body.size()) + "\r\n\r\n" + body;
  return [state, bytes] {
    const auto request = read(state->parser, bytes);
    const auto match = state->routes.match(request);
    auto parsed = http::parse_create(request, match.parameters);
    require(parsed.has_value() && !parsed->token, "a token is not asked for");
    const auto value = core::generate_token(sample_token.size());
    const auto hash = state->hasher.hash(parsed->application_name, value.reveal());
    core::endpoint_token created;
    created.id = id_of(hash[0]);
    created.application = std::move(parsed->application_name);
    created.endpoint_id = std::move(parsed->endpoint_id);
    created.created_at = core::from_unix_ms(sample_time);
    write(state->out, http::render_created(created, value), request);
    require(state->out.find(value.reveal()) != std::string::npos, "a token is not shown");
  };
}

} // namespace cm::guard
