#include "catch.hpp"
#include "core/observability/shared_families.hpp"
#include "http/rest/rest_metrics.hpp"

#include <memory>

using namespace cm;
using namespace std::chrono_literals;

TEST_CASE("The responses of all loops are summed up as the protocol rest") {
  const auto metrics = std::make_shared<http::rest_metrics>(2);
  metrics->loop(0)->answered(0, 404, 1ms, core::steady_time{1h});
  metrics->loop(1)->answered(1, 404, 3ms, core::steady_time{1h});
  core::metric_registry registry;
  http::register_rest_metrics(registry, metrics);
  const core::health_snapshot health;
  const core::process_usage process;
  const auto families = registry.collect({core::timestamp{}, health, process});
  REQUIRE(families.size() == 2);
  const auto& sample = families[0].samples.at(core::status_index(404));
  CHECK(sample.labels == std::vector<core::metric_label>{{"protocol", "rest"}, {"status", "404"}});
  CHECK(std::get<std::uint64_t>(sample.value) == 2);
  CHECK(std::get<core::duration_counts>(families[1].samples.at(1).value).sum_ns == 4'000'000);
}
