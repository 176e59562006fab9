#include "actors/supervision/service_metrics.hpp"
#include "catch.hpp"
#include "http/management/managed_beans.hpp"
#include "http/management/metrics_page.hpp"

#include <boost/json/serialize.hpp>

#include <algorithm>
#include <atomic>
#include <chrono>
#include <fstream>
#include <map>
#include <memory>
#include <regex>
#include <string>
#include <vector>

using namespace cm;
using namespace cm::actors;
using namespace std::chrono_literals;

namespace {

std::shared_ptr<const std::atomic<std::size_t>> count_of(std::size_t value) {
  return std::make_shared<const std::atomic<std::size_t>>(value);
}

/// A different value for each metric.
struct filled_metrics {
  core::service_info info{"cm", "r-1", "0.1.0", "0123", core::from_unix_ms(1'000), false};
  service_metrics metrics{{2, 1, 8}, info};
  core::health_snapshot health;
  core::process_usage process;
  core::byte_share http_bytes;
  stream_slot import_slot;

  filled_metrics() {
    fill_requests();
    fill_http();
    fill_token_cache();
    metrics.database->connections.set(6);
    metrics.database->busy.set(4);
    metrics.database->waiting_lookups.set(31);
    metrics.database->waiting_commands.set(32);
    auto& bulk = metrics.database->classes[index_of(actors::work_class::bulk)];
    bulk.waiting.set(7);
    bulk.refused.add(3);
    bulk.wait.observe(std::chrono::milliseconds{20}, 2);
    metrics.database->waiting_activations.set(33);
    metrics.database->clock_skew_ms.set(-7'250);
    metrics.passwords->waiting.set(34);
    metrics.removals->unregistered.link(count_of(35));
    metrics.removals->lost[static_cast<std::size_t>(removal_loss::failure)].add(36);
    metrics.outbox->pending.set(41);
    metrics.outbox->oldest_ms.set(61'000);
    metrics.outbox->confirmed.add(42);
    metrics.outbox->failures.add(43);
    metrics.outbox->republished.add(44);
    metrics.outbox->oversized.add(45);
    metrics.actors->get("storage-gate")->total.add(2);
    metrics.actors->get("health")->present.set(1);
    health.license = {core::health_status::up, "me", core::from_unix_ms(31'000), ""};
    health.ready = true;
  }

  void fill_requests() {
    metrics.nats->egress.answered[0][core::status_index(200)].observe(3ms, 7);
    metrics.nats->background.answered[0][core::status_index(503)].observe(1ms, 2);
    metrics.nats->background.without_reply[1].add(8);
    metrics.nats->in_flight[0].link(count_of(3));
    metrics.nats->egress.lost.add(5);
    metrics.nats->connection.connects.add(4);
    metrics.nats->connection.refused_subscriptions.set(9);
    metrics.nats->subscriptions.get("nats-ep-token")->total.add(51);
    metrics.nats->subscriptions.get("nats-ep-token")->present.set(52);
    metrics.rest->loop(0)->answered(0, 200, 20ms, core::steady_time{1h});
  }

  void fill_http() {
    metrics.http->api->open.set(61);
    metrics.http->api->closed_idle.add(62);
    metrics.http->management->accept_errors.add(63);
    metrics.http->api->refused_address.add(64);
    metrics.http->agent->refused_address.add(1);
    metrics.http->memory.refused->add(66);
    http_bytes = core::byte_share{metrics.http->memory.budget};
    CHECK(http_bytes.grow_to(67));
    import_slot = metrics.http->imports->take();
  }

  void fill_token_cache() {
    for (std::size_t i = 0; i < 2; ++i) {
      auto& counters = *metrics.token_cache->validator(i);
      counters.hits.add(21);
      counters.misses.add(22);
      counters.bypassed.add(23);
      counters.evicted.add(24);
      counters.entries.set(25);
      counters.bytes.set(26);
    }
  }

  [[nodiscard]] http::metrics_source source() const {
    return {*metrics.registry, *metrics.rest, health, process, info, 1024 * 1024, core::from_unix_ms(91'000)};
  }
};

/// The rows of docs/metrics.md: name, type, help.
std::vector<std::string> documented_families() {
  std::ifstream page(std::string(CM_SOURCE_DIR) + "/docs/metrics.md");
  const std::regex row(R"(^\| `((?:cm|process)_\w+)` \| (\w+) \| .*? \| (.*) \|$)");
  std::vector<std::string> out;
  std::smatch found;
  for (std::string line; std::getline(page, line);) {
    if (std::regex_match(line, found, row))
      out.push_back(found.str(1) + " " + found.str(2) + ": " + found.str(3));
  }
  return out;
}

std::vector<std::string> registered_families(const http::metrics_source& source) {
  const std::map<core::metric_type, std::string> types{{core::metric_type::counter, "counter"},
                                                       {core::metric_type::gauge, "gauge"},
                                                       {core::metric_type::histogram, "histogram"}};
  std::vector<std::string> out;
  for (const auto& [family, samples] : source.collect())
    out.push_back(family.name + " " + types.at(family.type) + ": " + family.help);
  return out;
}

} // namespace

TEST_CASE("the metrics of all components are those of docs/metrics.md, in the same order") {
  const filled_metrics f;
  CHECK(registered_families(f.source()) == documented_families());
}

TEST_CASE("every metric has the value that its component counted") {
  const filled_metrics f;
  const auto page = http::render_prometheus(f.source()).body;
  for (const std::string line : {
         "cm_requests_total{protocol=\"ep-token\",status=\"200\"} 7",
         "cm_requests_total{protocol=\"ep-token\",status=\"503\"} 2",
         "cm_requests_total{protocol=\"rest\",status=\"200\"} 1",
         "cm_request_duration_seconds_count{protocol=\"ep-token\",status=\"200\"} 7",
         "cm_requests_in_flight{protocol=\"ep-token\"} 3",
         "cm_requests_in_flight{protocol=\"client-certificate\"} 0",
         "cm_requests_without_reply_total{protocol=\"ep-token-status\"} 8",
         "cm_http_connections{port=\"api\"} 61",
         "cm_http_connections{port=\"management\"} 0",
         "cm_http_connections_closed_idle_total{port=\"api\"} 62",
         "cm_http_accept_failures_total{port=\"management\"} 63",
         "cm_http_refused_total{reason=\"address\"} 65",
         "cm_http_refused_total{reason=\"memory\"} 66",
         "cm_http_refused_total{reason=\"import\"} 0",
         "cm_http_buffer_bytes 67",
         "cm_http_buffer_limit_bytes 4194304",
         "cm_http_streams{kind=\"import\"} 1",
         "cm_http_streams{kind=\"export\"} 0",
         "cm_token_cache_lookups_total{result=\"hit\"} 42",
         "cm_token_cache_lookups_total{result=\"miss\"} 44",
         "cm_token_cache_lookups_total{result=\"bypassed\"} 46",
         "cm_token_cache_evictions_total 48",
         "cm_token_cache_entries 50",
         "cm_token_cache_size_bytes 52",
         "cm_database_pool_connections_max 8",
         "cm_database_pool_connections{state=\"busy\"} 4",
         "cm_database_pool_connections{state=\"idle\"} 2",
         "cm_database_clock_skew_seconds -7.25",
         "cm_database_class_entries{class=\"bulk\"} 7",
         "cm_database_class_entries{class=\"authentication\"} 0",
         "cm_database_class_refused_total{class=\"bulk\"} 3",
         "cm_database_class_wait_seconds_count{class=\"bulk\"} 2",
         "cm_queue_entries{queue=\"database_lookups\"} 31",
         "cm_queue_entries{queue=\"database_commands\"} 32",
         "cm_queue_entries{queue=\"first_uses\"} 33",
         "cm_queue_entries{queue=\"passwords\"} 34",
         "cm_queue_entries{queue=\"unregistered_endpoints\"} 35",
         "cm_unregistered_endpoints_lost_total{reason=\"failure\"} 36",
         "cm_unregistered_endpoints_lost_total{reason=\"overflow\"} 0",
         "cm_outbox_events 41",
         "cm_outbox_oldest_age_seconds 30",
         "cm_outbox_confirmed_total 42",
         "cm_outbox_failures_total 43",
         "cm_outbox_republished_total 44",
         "cm_outbox_oversized_total 45",
         "cm_nats_reconnects_total 3",
         "cm_nats_refused_subscriptions 9",
         "cm_nats_dropped_messages_total{subscription=\"nats-ep-token\"} 51",
         "cm_nats_pending_messages{subscription=\"nats-ep-token\"} 52",
         "cm_nats_lost_answers_total 5",
         "cm_actor_restarts_total{actor=\"storage-gate\"} 2",
         "cm_actor_up{actor=\"storage-gate\"} 0",
         "cm_actor_up{actor=\"health\"} 1",
         "cm_health_up{component=\"license\"} 1",
         "cm_health_up{component=\"db\"} 0",
         "cm_ready 1",
         "cm_license_remaining_seconds -60",
         "cm_build_info{version=\"0.1.0\",commit=\"0123\"} 1",
         "process_start_time_seconds 1",
       }) {
    INFO(line);
    CHECK(page.find("\n" + line + "\n") != std::string::npos);
  }
}

TEST_CASE("what has no value yet has no sample") {
  filled_metrics f;
  f.health.license.expires.reset();
  const service_metrics fresh{{1, 1, 1}, f.info};
  auto source = f.source();
  const auto page =
    http::render_prometheus({*fresh.registry, *fresh.rest, f.health, f.process, f.info, 0, source.now}).body;
  CHECK(page.find("\ncm_database_clock_skew_seconds") == std::string::npos);
  CHECK(page.find("\ncm_license_remaining_seconds") == std::string::npos);
  CHECK(page.find("\ncm_actor_up") == std::string::npos);
  CHECK(page.find("# TYPE cm_actor_up gauge\n") != std::string::npos);
}

TEST_CASE("the monitoring agent shows the same values under its own names") {
  const filled_metrics f;
  std::map<std::string, std::string> beans;
  for (const auto& bean : http::collect_beans(f.source(), core::management_settings{}))
    beans[bean.name.text()] = boost::json::serialize(bean.attributes);
  CHECK(beans["com.zaxxer.hikari:type=Pool (HikariPool-1)"]
        == R"({"ActiveConnections":4,"IdleConnections":2,"TotalConnections":6,"ThreadsAwaitingConnection":63})");
  CHECK(beans["cm:protocol=ep-token,type=Requests"]
        == R"({"Count":9,"Failures":2,"MeanMilliseconds":2.5555555555555554E0,"ByStatus":{"200":7,"503":2}})");
  CHECK(beans["cm:protocol=ep-token-status,type=Requests"]
        == R"({"Count":0,"Failures":0,"MeanMilliseconds":0E0,"ByStatus":{}})");
  CHECK(beans["cm:protocol=rest,type=Requests"]
        == R"({"Count":1,"Failures":0,"MeanMilliseconds":2E1,"ByStatus":{"200":1}})");
  CHECK(beans["cm:type=TokenCache"]
        == R"({"Hits":42,"Misses":44,"Bypassed":46,"Evictions":48,"Entries":50,"Bytes":52})");
  CHECK(beans["cm:type=Outbox"] == R"({"Pending":41,"Confirmed":42,"Failures":43})");
  CHECK(beans["cm:type=Nats"]
        == R"({"Up":false,"Reconnects":3,"LostAnswers":5,"DroppedMessages":{"nats-ep-token":51}})");
  CHECK(beans["cm:type=Actors"]
        == R"({"Restarts":{"storage-gate":2,"health":0},"Running":{"storage-gate":false,"health":true}})");
  CHECK(beans["cm:type=License"] == R"({"Subject":"me","RemainingSeconds":-60,"Up":true})");
}
