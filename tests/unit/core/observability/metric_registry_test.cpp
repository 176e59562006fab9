#include "catch.hpp"
#include "core/observability/logging.hpp"
#include "core/observability/metric_registry.hpp"
#include "core/observability/process_metrics.hpp"

#include <stdexcept>
#include <string>
#include <vector>

using namespace cm::core;
using Catch::Matchers::Contains;

namespace {

std::vector<collected_family> collect(const metric_registry& registry, timestamp now = {}) {
  const health_snapshot health;
  process_usage process;
  process.cpu_seconds = 1.5;
  return registry.collect({now, health, process});
}

std::uint64_t number(const metric_sample& sample) {
  return std::get<std::uint64_t>(sample.value);
}

metric_registry::collector writes(std::uint64_t value) {
  return [value](const scrape&, sample_writer& out) { out.add({{"label", "value"}}, value); };
}

} // namespace

TEST_CASE("Families are collected in the order of registration, with name, help, type and labels") {
  metric_registry registry;
  registry.add({"z_total", "the last letter", metric_type::counter}, writes(7));
  registry.add_gauge("a", "the first letter", [] { return 0.5; });
  registry.add_gauge("now", "the time", [](const scrape& of) { return static_cast<double>(to_unix_ms(of.now)); });
  const auto families = collect(registry, from_unix_ms(9));
  REQUIRE(families.size() == 3);
  CHECK(families[0].family == metric_family{"z_total", "the last letter", metric_type::counter});
  REQUIRE(families[0].samples.size() == 1);
  CHECK(families[0].samples[0].labels == std::vector<metric_label>{{"label", "value"}});
  CHECK(number(families[0].samples[0]) == 7);
  CHECK(families[1].samples.at(0).labels.empty());
  CHECK(std::get<double>(families[1].samples[0].value) == 0.5);
  CHECK(std::get<double>(families[2].samples.at(0).value) == 9.0);
}

TEST_CASE("A name can be registered only once, and the failure names it") {
  metric_registry registry;
  registry.add_counter("cm_things_total", "help", [] { return std::uint64_t{1}; });
  CHECK_THROWS_WITH(registry.add({"cm_things_total", "help", metric_type::counter}, writes(2)),
                    Contains("cm_things_total") && Contains("twice"));
  CHECK_THROWS_AS(registry.contribute({"cm_things_total", "help", metric_type::counter}, writes(2)), std::logic_error);
  CHECK(collect(registry).size() == 1);
}

TEST_CASE("Contributions to a family must agree about its help text and its type") {
  metric_registry registry;
  registry.contribute({"shared", "help", metric_type::gauge}, writes(1));
  registry.contribute({"shared", "help", metric_type::gauge}, writes(2));
  CHECK_THROWS_WITH(registry.contribute({"shared", "other help", metric_type::gauge}, writes(3)), Contains("shared"));
  CHECK_THROWS_AS(registry.contribute({"shared", "help", metric_type::counter}, writes(3)), std::logic_error);
  CHECK_THROWS_AS(registry.add({"shared", "help", metric_type::gauge}, writes(3)), std::logic_error);
  const auto families = collect(registry);
  REQUIRE(families.size() == 1);
  REQUIRE(families[0].samples.size() == 2);
  CHECK(number(families[0].samples[1]) == 2);
}

TEST_CASE("A collector that throws loses its own samples only, and the log has an error") {
  metric_registry registry;
  registry.contribute({"shared", "help", metric_type::gauge}, writes(1));
  registry.contribute({"shared", "help", metric_type::gauge}, [](const scrape&, sample_writer& out) {
    out.add({}, std::uint64_t{2});
    throw std::runtime_error("broken");
  });
  registry.contribute({"shared", "help", metric_type::gauge}, writes(3));
  registry.add({"after", "help", metric_type::gauge}, writes(4));
  const auto before = log_counts().error;
  const auto families = collect(registry);
  CHECK(log_counts().error == before + 1);
  REQUIRE(families.size() == 2);
  REQUIRE(families[0].samples.size() == 2);
  CHECK(number(families[0].samples[0]) == 1);
  CHECK(number(families[0].samples[1]) == 3);
  CHECK(families[1].samples.size() == 1);
}

TEST_CASE("A sample that does not fit the type of its family is refused") {
  metric_registry registry;
  registry.add({"histogram", "help", metric_type::histogram}, writes(1));
  registry.add({"gauge", "help", metric_type::gauge},
               [](const scrape&, sample_writer& out) { out.add({}, duration_counts{}); });
  for (const auto& family : collect(registry))
    CHECK(family.samples.empty());
}

TEST_CASE("The usage of the process is read once per page") {
  metric_registry registry;
  register_process_metrics(registry, from_unix_ms(2'500));
  const auto families = collect(registry);
  REQUIRE(families.size() == 7);
  CHECK(families[0].family.name == "process_cpu_seconds_total");
  CHECK(std::get<double>(families[0].samples.at(0).value) == 1.5);
  CHECK(std::get<double>(families[6].samples.at(0).value) == 2.5);
}
