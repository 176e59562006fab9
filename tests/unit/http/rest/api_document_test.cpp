#include "http/rest/api_document.hpp"
#include "http/rest/routes.hpp"
#include "rest.hpp"

#include <fstream>
#include <iterator>
#include <set>

using cm::http::api_route;
using cm::test::header;
using cm::test::make_get;

namespace {

struct operation {
  std::string verb;
  std::string path;
};

// The rows of the table of operations.
std::vector<operation> operations(const std::string& page) {
  constexpr std::string_view begin = "<tr><td><code>";
  constexpr std::string_view middle = "</code></td><td><code>";
  std::vector<operation> found;
  for (std::size_t at = page.find(begin); at != std::string::npos; at = page.find(begin, at + 1)) {
    const std::size_t verb = at + begin.size();
    const std::size_t verb_end = page.find(middle, verb);
    const std::size_t path = verb_end + middle.size();
    found.push_back({page.substr(verb, verb_end - verb), page.substr(path, page.find("</code>", path) - path)});
  }
  return found;
}

std::string without_braces(std::string path) {
  std::string result;
  for (const char c : path) {
    if (c != '{' && c != '}')
      result.push_back(c);
  }
  return result;
}

} // namespace

TEST_CASE("The served document is the one in the repository") {
  std::ifstream file{std::string{CM_SOURCE_DIR} + "/docs/api/openapi.yaml", std::ios::binary};
  const std::string text{std::istreambuf_iterator<char>{file}, {}};
  REQUIRE(!text.empty());
  CHECK(cm::http::openapi_document() == text);
  const auto answer = cm::http::render_openapi(make_get("/api/v1/openapi.yaml"));
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "application/yaml");
  CHECK(answer.body == text);
  CHECK(cm::http::render_openapi(make_get("/", header(answer, "ETag"))).status == 304);
}

TEST_CASE("The HTML page lists exactly the existing operations") {
  const auto table = cm::http::make_api_router();
  std::set<api_route> listed;
  for (const auto& [verb, path] : operations(cm::http::render_docs(make_get("/")).body)) {
    INFO(verb << " " << path);
    const auto request = cm::test::make_request(verb, without_braces(path));
    const auto found = table.match(request);
    REQUIRE(found.outcome == cm::http::route_outcome::matched);
    CHECK(listed.insert(found.route).second);
    if (path.find("{endpointId}") != std::string::npos)
      CHECK(found.parameters["endpointId"] == "endpointId");
    if (path.find("{endpointTokenId}") != std::string::npos)
      CHECK(found.parameters["endpointTokenId"] == "endpointTokenId");
    if (path.find("{credentialId}") != std::string::npos)
      CHECK(found.parameters["credentialId"] == "credentialId");
  }
  CHECK(listed.size() == cm::http::api_route_count);
}

TEST_CASE("The HTML page uses no external resources and forbids them") {
  const auto answer = cm::http::render_docs(make_get("/api/v1/docs"));
  CHECK(answer.status == 200);
  CHECK(answer.content_type == "text/html; charset=utf-8");
  for (const std::string_view loaded : {"<script", "src=", "<link", "url(", "@import", "<iframe"})
    CHECK(answer.body.find(loaded) == std::string::npos);
  CHECK(answer.body.find("<pre>openapi: 3.1.0\n") != std::string::npos);
  CHECK(answer.body.find("title: Credential Management REST API") != std::string::npos);

  const auto policy = header(answer, "Content-Security-Policy");
  CHECK(policy.find("default-src 'none'; style-src 'sha256-") == 0);
  CHECK(policy.find("=';") != std::string::npos);
  CHECK(policy.find("unsafe") == std::string::npos);

  const auto again = cm::http::render_docs(make_get("/", header(answer, "ETag")));
  CHECK(again.status == 304);
  CHECK(again.body.empty());
}
