#include "actors/nats/nats_metrics.hpp"
#include "catch.hpp"

#include <atomic>
#include <memory>
#include <string>

using namespace cm;
using namespace cm::actors;
using namespace std::chrono_literals;

namespace {

std::vector<core::collected_family> collect(const core::metric_registry& registry) {
  const core::health_snapshot health;
  const core::process_usage process;
  return registry.collect({core::timestamp{}, health, process});
}

} // namespace

TEST_CASE("the statuses of 16/ECAP are the first ones that are counted") {
  for (const int status : {200, 400, 401, 403, 404, 408, 409, 429, 500, 503})
    CHECK(core::status_index(status) < ecap_status_count);
  CHECK(core::status_index(201) >= ecap_status_count);
}

TEST_CASE("requests are the sum over all threads that respond, by protocol") {
  const auto metrics = std::make_shared<nats_metrics>();
  const auto protocol = static_cast<std::size_t>(ecap_protocol::client_password);
  metrics->egress.answered[protocol][0].observe(1ms, 2);
  metrics->background.answered[protocol][0].observe(1ms, 3);
  metrics->in_flight[protocol].link(std::make_shared<const std::atomic<std::size_t>>(4));
  core::metric_registry registry;
  register_request_metrics(registry, metrics);
  const auto families = collect(registry);
  REQUIRE(families.size() == 4);
  const auto& answered = families[0].samples.at(protocol * ecap_status_count);
  CHECK(answered.labels.front().value == "client-password");
  CHECK(std::get<std::uint64_t>(answered.value) == 5);
  CHECK(families[2].family.name == "cm_requests_in_flight");
  CHECK(std::get<std::uint64_t>(families[2].samples.at(protocol).value) == 4);
}

TEST_CASE("the first connection is not a reconnect") {
  const auto metrics = std::make_shared<nats_metrics>();
  core::metric_registry registry;
  register_connection_metrics(registry, metrics);
  const auto reconnects = [&] { return std::get<std::uint64_t>(collect(registry).at(0).samples.at(0).value); };
  CHECK(reconnects() == 0);
  metrics->connection.connects.add(1);
  CHECK(reconnects() == 0);
  metrics->connection.connects.add(2);
  CHECK(reconnects() == 2);
}
