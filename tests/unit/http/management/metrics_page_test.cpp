#include "catch.hpp"
#include "http/management/metrics_page.hpp"
#include "http/rest/rest_metrics.hpp"

#include <chrono>
#include <memory>
#include <string>

using namespace cm;
using namespace std::chrono_literals;

namespace {

/// Sample values for all pages.
struct numbers {
  core::metric_registry registry;
  std::shared_ptr<http::rest_metrics> rest = std::make_shared<http::rest_metrics>(2);
  core::health_snapshot health;
  core::process_usage process;
  core::service_info info{"cm", "r-1", "0.1.0", "0123", core::from_unix_ms(1'000), false};

  numbers() {
    rest->loop(0)->answered(0, 200, 20ms, core::steady_time{1h});
    rest->loop(1)->answered(0, 200, 30ms, core::steady_time{2h});
    http::register_rest_metrics(registry, rest);
    registry.add({"cm_database_pool_connections", "help", core::metric_type::gauge},
                 [](const core::scrape&, core::sample_writer& out) {
                   out.add({{"state", "busy"}}, std::uint64_t{2});
                 });
    registry.add_gauge("cm_database_pool_connections_max", "help", [] { return std::uint64_t{8}; });
    registry.add_gauge("cm_age_seconds", "help", [](const core::scrape& of) {
      return std::chrono::duration<double>(of.now.time_since_epoch()).count();
    });
    process.resident_bytes = 4096;
  }

  [[nodiscard]] http::metrics_source source() const {
    return {registry, *rest, health, process, info, 1024 * 1024, core::from_unix_ms(91'000)};
  }
};

bool holds(const std::string& text, const std::string& line) {
  return text.find(line) != std::string::npos;
}

} // namespace

TEST_CASE("Prometheus gets all families that are registered, in its text format") {
  const numbers n;
  const auto page = http::render_prometheus(n.source());
  CHECK(page.status == 200);
  CHECK(page.content_type == "text/plain; version=0.0.4; charset=utf-8");
  for (const auto* line : {"cm_requests_total{protocol=\"rest\",status=\"200\"} 2\n",
                           "cm_requests_total{protocol=\"rest\",status=\"other\"} 0\n",
                           "cm_request_duration_seconds_count{protocol=\"rest\",status=\"200\"} 2\n",
                           "cm_request_duration_seconds_bucket{protocol=\"rest\",status=\"200\",le=\"+Inf\"} 2\n",
                           "# TYPE cm_request_duration_seconds histogram\n", "cm_age_seconds 91\n"}) {
    INFO(line);
    CHECK(holds(page.body, line));
  }
}

TEST_CASE("The flat page uses Spring Boot's names for paths and dotted names for the rest") {
  const numbers n;
  const auto page = http::render_metrics(n.source());
  CHECK(page.content_type == "application/json");
  for (const auto* member : {R"("mem":4)", R"("mem.free":1020)", R"("heap":1024)", R"("uptime":90000)",
                             R"("counter.status.200.api.v1.endpoints.endpointId.tokens":2)",
                             R"("gauge.response.api.v1.endpoints.endpointId.tokens":30)",
                             R"("cm.requests.total.rest.200":2)", R"("cm.request.duration.seconds.rest.200.count":2)",
                             R"("datasource.primary.active":2)", R"("datasource.primary.usage":0.25)"}) {
    INFO(member);
    CHECK(holds(page.body, member));
  }
}

TEST_CASE("A single metric is selected by its name, several by a pattern of Spring Boot's") {
  const numbers n;
  const auto body = [&](std::string_view name) {
    const auto found = http::render_metric(n.source(), name);
    return found ? found->body : std::string{"none"};
  };
  CHECK(body("mem") == R"({"mem":4})");
  CHECK(body("cm.requests.total.rest.200") == R"({"cm.requests.total.rest.200":2})");
  CHECK(body("datasource.primary.usage") == R"({"datasource.primary.usage":0.25})");
  for (const auto* name : {"me", "mem.json", "", "memx", "MEM", "mem*", "[", "(a+)+$"}) {
    INFO(name);
    CHECK(body(name) == "none");
  }
  CHECK(body("mem.*") == R"({"mem":4,"mem.free":1020})");
  CHECK(body("^mem$") == R"({"mem":4})");
  CHECK(body("m.m.*e") == R"({"mem.free":1020})");
  CHECK(body("nothing.*") == "{}");
  CHECK(body(".*") == http::render_metrics(n.source()).body);
}

TEST_CASE("Path templates become Spring Boot's metric names") {
  CHECK(http::metric_name_of("/api/v1/docs") == "api.v1.docs");
  CHECK(http::metric_name_of("/api/v1/endpoints/{endpointId}/tokens/{endpointTokenId}/status")
        == "api.v1.endpoints.endpointId.tokens.endpointTokenId.status");
}
