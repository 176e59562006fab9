#include "actors/events/outbox_metrics.hpp"
#include "catch.hpp"

#include <memory>

using namespace cm;
using namespace cm::actors;

TEST_CASE("the age of the oldest event is 0 without events and for an event from the future") {
  const auto metrics = std::make_shared<outbox_metrics>();
  core::metric_registry registry;
  register_outbox_metrics(registry, metrics);
  const auto age = [&] {
    const core::health_snapshot health;
    const core::process_usage process;
    return std::get<double>(registry.collect({core::from_unix_ms(90'500), health, process}).at(1).samples.at(0).value);
  };
  CHECK(age() == 0.0);
  metrics->oldest_ms.set(60'000);
  CHECK(age() == 30.5);
  metrics->oldest_ms.set(91'000);
  CHECK(age() == 0.0);
}
