#include "catch.hpp"
#include "core/observability/shared_families.hpp"

#include <string>
#include <vector>

using namespace cm::core;
using namespace std::chrono_literals;

namespace {

std::vector<collected_family> collected(const metric_registry& registry) {
  const health_snapshot health;
  const process_usage process;
  return registry.collect({timestamp{}, health, process});
}

std::vector<std::string> first_labels(const collected_family& family) {
  std::vector<std::string> out;
  for (const auto& sample : family.samples)
    out.push_back(sample.labels.front().value + (sample.labels.size() > 1 ? " " + sample.labels.back().value : ""));
  return out;
}

} // namespace

TEST_CASE("Every counted status has its own index, and any other status has the last") {
  for (std::size_t i = 0; i + 1 < counted_statuses.size(); ++i)
    CHECK(status_index(counted_statuses[i]) == i);
  CHECK(status_index(418) == counted_statuses.size() - 1);
  CHECK(status_index(0) == counted_statuses.size() - 1);
}

TEST_CASE("Requests are counted for each status, and durations are shown for 200 and what has occurred") {
  metric_registry registry;
  const auto read = [](std::size_t index) {
    duration_counts out;
    out.counts[0] = index == 2 ? 7 : 0;
    return out;
  };
  add_requests(registry, "first", 3, read);
  add_requests(registry, "second", counted_statuses.size(), [](std::size_t) { return duration_counts{}; });
  const auto families = collected(registry);
  REQUIRE(families.size() == 2);
  CHECK(families[0].family.name == "cm_requests_total");
  REQUIRE(families[0].samples.size() == 3 + counted_statuses.size());
  CHECK(std::get<std::uint64_t>(families[0].samples[2].value) == 7);
  CHECK(families[0].samples.back().labels == std::vector<metric_label>{{"protocol", "second"}, {"status", "other"}});
  CHECK(families[1].family.name == "cm_request_duration_seconds");
  CHECK(first_labels(families[1]) == std::vector<std::string>{"first 200", "first 401", "second 200"});
}

TEST_CASE("Queues of several components are one family, in the order of their registration") {
  metric_registry registry;
  add_queue(registry, "b", [] { return std::uint64_t{1}; });
  registry.add_gauge("between", "help", [] { return std::uint64_t{0}; });
  add_queue(registry, "a", [] { return std::uint64_t{2}; });
  const auto families = collected(registry);
  REQUIRE(families.size() == 2);
  CHECK(families[0].family.name == "cm_queue_entries");
  CHECK(first_labels(families[0]) == std::vector<std::string>{"b", "a"});
}
