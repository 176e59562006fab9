#include "catch.hpp"
#include "http/management/metrics_page.hpp"
#include "http/rest/routes.hpp"

#include <atomic>
#include <memory>
#include <string>

using namespace cm;
using namespace std::chrono_literals;

namespace {

/// Sample values for all pages.
struct numbers {
  core::metrics counted{{2, 1, http::api_route_count, 8}};
  core::health_snapshot health;
  core::process_usage process;
  core::service_info info{"cm", "r-1", "0.1.0", "0123", core::from_unix_ms(1'000), false};

  numbers() {
    counted.egress.answered[0][core::status_place(200)].observe(3ms, 7);
    counted.background.answered[0][core::status_place(503)].observe(1ms, 2);
    counted.validator(0).hits.add(4);
    counted.validator(1).hits.add(5);
    counted.api_loop(0).answered(0, 200, 20ms, core::steady_time{1h});
    counted.in_flight[0].store(std::make_shared<const std::atomic<std::size_t>>(3));
    counted.actors.get("storage-gate")->total.add(2);
    counted.outbox.oldest_ms.set(61'000);
    counted.database.clock_skew_ms.set(-7'250);
    health.license.expires = core::from_unix_ms(31'000);
    process.resident_bytes = 4096;
  }

  [[nodiscard]] http::metrics_source source() const {
    return {counted, health, process, info, 1024 * 1024, core::from_unix_ms(91'000)};
  }
};

bool holds(const std::string& text, const std::string& line) {
  return text.find(line) != std::string::npos;
}

} // namespace

TEST_CASE("Prometheus gets the sum over all threads that send responses") {
  const numbers n;
  const auto page = http::render_prometheus(n.source());
  CHECK(page.status == 200);
  CHECK(page.content_type == "text/plain; version=0.0.4; charset=utf-8");
  for (const auto* line :
       {"cm_requests_total{protocol=\"ep-token\",status=\"200\"} 7\n",
        "cm_requests_total{protocol=\"ep-token\",status=\"503\"} 2\n",
        "cm_requests_total{protocol=\"rest\",status=\"200\"} 1\n",
        "cm_requests_total{protocol=\"rest\",status=\"other\"} 0\n",
        "cm_request_duration_seconds_count{protocol=\"ep-token\",status=\"200\"} 7\n",
        "cm_request_duration_seconds_bucket{protocol=\"ep-token\",status=\"200\",le=\"+Inf\"} 7\n",
        "cm_requests_in_flight{protocol=\"ep-token\"} 3\n", "cm_token_cache_lookups_total{result=\"hit\"} 9\n",
        "cm_actor_restarts_total{actor=\"storage-gate\"} 2\n", "cm_outbox_oldest_age_seconds 30\n",
        "cm_license_remaining_seconds -60\n", "cm_database_clock_skew_seconds -7.25\n",
        "process_start_time_seconds 1\n", "# TYPE cm_request_duration_seconds histogram\n"}) {
    INFO(line);
    CHECK(holds(page.body, line));
  }
}

TEST_CASE("The flat page uses Spring Boot's names for paths and dotted names for the rest") {
  const numbers n;
  const auto page = http::render_metrics(n.source());
  CHECK(page.content_type == "application/json");
  for (const auto* member :
       {R"("mem":4)", R"("mem.free":1020)", R"("heap":1024)", R"("uptime":90000)",
        R"("counter.status.200.api.v1.endpoints.endpointId.tokens":1)",
        R"("gauge.response.api.v1.endpoints.endpointId.tokens":20)", R"("cm.requests.total.ep-token.200":7)",
        R"("cm.request.duration.seconds.ep-token.200.count":7)"}) {
    INFO(member);
    CHECK(holds(page.body, member));
  }
}

TEST_CASE("Path templates become Spring Boot's metric names") {
  CHECK(http::metric_name_of("/api/v1/docs") == "api.v1.docs");
  CHECK(http::metric_name_of("/api/v1/endpoints/{endpointId}/tokens/{endpointTokenId}/status")
        == "api.v1.endpoints.endpointId.tokens.endpointTokenId.status");
}
