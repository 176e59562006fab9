#include "http/management/managed_beans.hpp"

#include "core/base/time.hpp"
#include "http/management/management.hpp"
#include "http/management/metrics_page.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <unistd.h>
#include <utility>

namespace cm::http {

namespace {

namespace json = boost::json;

managed_bean bean(std::string_view name, std::string description, json::object attributes) {
  return {parse_object_name(name).value(), std::move(description), std::move(attributes)};
}

std::string process_name() {
  std::array<char, 256> host{};
  if (::gethostname(host.data(), host.size() - 1) != 0)
    host[0] = '\0';
  return std::to_string(::getpid()) + "@" + (host[0] == '\0' ? "localhost" : host.data());
}

std::int64_t uptime_ms(const metrics_source& from) {
  return std::max<std::int64_t>(0, core::to_unix_ms(from.now) - core::to_unix_ms(from.info.started_at));
}

void add_machine(std::vector<managed_bean>& out, const metrics_source& from) {
  const auto& process = from.process;
  const auto beyond = process.resident_bytes - std::min(process.resident_bytes, process.heap_bytes);
  out.push_back(bean(
    "java.lang:type=Memory", "Memory of the process",
    {{"HeapMemoryUsage",
      {{"init", 0}, {"used", process.heap_used_bytes}, {"committed", process.heap_bytes}, {"max", from.memory_budget}}},
     {"NonHeapMemoryUsage", {{"init", 0}, {"used", beyond}, {"committed", beyond}, {"max", -1}}}}));
  out.push_back(bean("java.lang:type=Threading", "Threads of the process", {{"ThreadCount", process.threads}}));
  out.push_back(bean("java.lang:type=Runtime", "The process",
                     {{"Name", process_name()},
                      {"Uptime", uptime_ms(from)},
                      {"StartTime", core::to_unix_ms(from.info.started_at)},
                      {"VmName", "CM (native)"},
                      {"VmVersion", from.info.version},
                      {"SpecName", "none"}}));
  out.push_back(bean("java.lang:type=OperatingSystem", "The machine, and what the process takes of it",
                     {{"Name", "Linux"},
                      {"AvailableProcessors", process.processors},
                      {"SystemLoadAverage", process.load_average},
                      {"ProcessCpuTime", static_cast<std::int64_t>(process.cpu_seconds * 1e9)},
                      {"OpenFileDescriptorCount", process.open_descriptors},
                      {"MaxFileDescriptorCount", process.max_descriptors},
                      {"CommittedVirtualMemorySize", process.virtual_bytes},
                      {"TotalPhysicalMemorySize", process.machine_bytes},
                      {"FreePhysicalMemorySize", process.machine_free_bytes}}));
}

void add_pool(std::vector<managed_bean>& out, const core::metrics& counted) {
  const auto connections = counted.database.connections.value();
  const auto busy = std::min(connections, counted.database.busy.value());
  out.push_back(bean("com.zaxxer.hikari:type=Pool (HikariPool-1)", "Connections to MariaDB",
                     {{"ActiveConnections", busy},
                      {"IdleConnections", connections - busy},
                      {"TotalConnections", connections},
                      {"ThreadsAwaitingConnection",
                       counted.database.waiting_lookups.value() + counted.database.waiting_commands.value()}}));
}

void add_endpoints(std::vector<managed_bean>& out, const metrics_source& from,
                   const core::management_settings& settings) {
  out.push_back(bean("org.springframework.boot:type=Endpoint,name=healthEndpoint", "As GET /health",
                     {{"Data", json::parse(render_health(from.health, settings).body)}}));
  out.push_back(bean("org.springframework.boot:type=Endpoint,name=metricsEndpoint", "As GET /metrics",
                     {{"Data", json::parse(render_metrics(from).body)}}));
}

template <class CountsOf>
managed_bean requests_bean(std::string_view protocol, std::size_t statuses, CountsOf counts_of) {
  json::object by_status;
  std::uint64_t total = 0;
  std::uint64_t failures = 0;
  std::uint64_t nanoseconds = 0;
  for (std::size_t status_index = 0; status_index < statuses; ++status_index) {
    const core::duration_counts counts = counts_of(status_index);
    const auto count = counts.total();
    const auto status = core::counted_statuses[status_index];
    total += count;
    nanoseconds += counts.sum_ns;
    failures += status >= 500 ? count : 0;
    if (count > 0)
      by_status.emplace(status == 0 ? "other" : std::to_string(status), count);
  }
  const double mean = total == 0 ? 0.0 : static_cast<double>(nanoseconds) / 1e6 / static_cast<double>(total);
  return bean("cm:type=Requests,protocol=" + std::string(protocol), "Requests that were answered",
              {{"Count", total}, {"Failures", failures}, {"MeanMilliseconds", mean}, {"ByStatus", by_status}});
}

void add_requests(std::vector<managed_bean>& out, const core::metrics& counted) {
  for (std::size_t i = 0; i < core::ecap_protocol_count; ++i) {
    const auto protocol = static_cast<core::ecap_protocol>(i);
    out.push_back(requests_bean(core::to_string(protocol), core::ecap_status_count, [&](std::size_t status_index) {
      return ecap_answers(counted, protocol, status_index);
    }));
  }
  out.push_back(requests_bean("rest", core::counted_statuses.size(),
                              [&](std::size_t status_index) { return rest_answers(counted, status_index); }));
}

void add_own(std::vector<managed_bean>& out, const metrics_source& from) {
  const auto& counted = from.counted;
  add_requests(out, counted);
  const auto cache = token_cache_counts(counted);
  out.push_back(bean("cm:type=TokenCache", "Tokens in memory",
                     {{"Hits", cache.hits},
                      {"Misses", cache.misses},
                      {"Bypassed", cache.bypassed},
                      {"Evictions", cache.evicted},
                      {"Entries", cache.entries},
                      {"Bytes", cache.bytes}}));
  out.push_back(bean("cm:type=Outbox", "Events that wait for NATS",
                     {{"Pending", counted.outbox.pending.value()},
                      {"Confirmed", counted.outbox.confirmed.value()},
                      {"Failures", counted.outbox.failures.value()}}));
  json::object dropped;
  for (const auto& subscription : *counted.subscriptions.read())
    dropped.emplace(subscription->name, subscription->total.value());
  out.push_back(bean("cm:type=Nats", "The connection to NATS",
                     {{"Up", from.health.nats.status == core::health_status::up},
                      {"Reconnects", nats_reconnects(counted)},
                      {"LostAnswers", counted.egress.lost.value() + counted.background.lost.value()},
                      {"DroppedMessages", std::move(dropped)}}));
  json::object restarts;
  json::object running;
  for (const auto& actor : *counted.actors.read()) {
    restarts.emplace(actor->name, actor->total.value());
    running.emplace(actor->name, actor->present.value() == 1);
  }
  out.push_back(bean("cm:type=Actors", "The supervision tree",
                     {{"Restarts", std::move(restarts)}, {"Running", std::move(running)}}));
  json::value remaining = nullptr;
  if (from.health.license.expires)
    remaining = std::chrono::duration_cast<std::chrono::seconds>(*from.health.license.expires - from.now).count();
  out.push_back(bean("cm:type=License", "The license",
                     {{"Subject", from.health.license.subject},
                      {"RemainingSeconds", std::move(remaining)},
                      {"Up", from.health.license.status == core::health_status::up}}));
}

} // namespace

std::vector<managed_bean> collect_beans(const metrics_source& from, const core::management_settings& settings) {
  std::vector<managed_bean> out;
  add_machine(out, from);
  add_pool(out, from.counted);
  add_endpoints(out, from, settings);
  add_own(out, from);
  return out;
}

} // namespace cm::http
