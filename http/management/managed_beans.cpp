#include "http/management/managed_beans.hpp"

#include "core/base/time.hpp"
#include "http/management/management.hpp"
#include "http/management/metric_values.hpp"
#include "http/management/metrics_page.hpp"

#include <boost/json/parse.hpp>

#include <algorithm>
#include <array>
#include <chrono>
#include <cstdint>
#include <string_view>
#include <unistd.h>
#include <utility>
#include <variant>

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

void add_pool(std::vector<managed_bean>& out, const metric_values& values) {
  const auto busy = values.count("cm_database_pool_connections", "busy");
  const auto idle = values.count("cm_database_pool_connections", "idle");
  out.push_back(bean("com.zaxxer.hikari:type=Pool (HikariPool-1)", "Connections to MariaDB",
                     {{"ActiveConnections", busy},
                      {"IdleConnections", idle},
                      {"TotalConnections", busy + idle},
                      {"ThreadsAwaitingConnection", values.count("cm_queue_entries", "database_lookups")
                                                      + values.count("cm_queue_entries", "database_commands")}}));
}

void add_endpoints(std::vector<managed_bean>& out, const metrics_source& from,
                   const core::management_settings& settings) {
  out.push_back(bean("org.springframework.boot:type=Endpoint,name=healthEndpoint", "As GET /health",
                     {{"Data", json::parse(render_health(from.health, settings).body)}}));
  out.push_back(bean("org.springframework.boot:type=Endpoint,name=metricsEndpoint", "As GET /metrics",
                     {{"Data", json::parse(render_metrics(from).body)}}));
}

// The sums over the statuses of one protocol.
struct request_counts {
  std::string_view protocol;
  std::uint64_t total = 0;
  std::uint64_t failures = 0;
  std::uint64_t nanoseconds = 0;
  json::object by_status;
};

void add_status(request_counts& into, std::string_view status, const core::duration_counts& durations) {
  const auto count = durations.total();
  into.total += count;
  into.nanoseconds += durations.sum_ns;
  if (status.size() == 3 && status >= "500") // not "other"
    into.failures += count;
  if (count > 0)
    into.by_status.emplace(status, count);
}

void add_requests(std::vector<managed_bean>& out, const metric_values& values) {
  std::vector<request_counts> protocols; // in the order of the registry
  for (const auto& sample : values.samples("cm_request_duration_seconds")) {
    const auto* durations = std::get_if<core::duration_counts>(&sample.value);
    if (durations == nullptr || sample.labels.size() != 2)
      continue;
    const auto protocol = first_label(sample);
    if (protocols.empty() || protocols.back().protocol != protocol)
      protocols.push_back({protocol, 0, 0, 0, {}});
    add_status(protocols.back(), sample.labels.back().value, *durations);
  }
  for (auto& counts : protocols) {
    const double mean =
      counts.total == 0 ? 0.0 : static_cast<double>(counts.nanoseconds) / 1e6 / static_cast<double>(counts.total);
    out.push_back(bean("cm:type=Requests,protocol=" + std::string(counts.protocol), "Requests that were answered",
                       {{"Count", counts.total},
                        {"Failures", counts.failures},
                        {"MeanMilliseconds", mean},
                        {"ByStatus", std::move(counts.by_status)}}));
  }
}

// An object with a member for each sample of a family, named by its label.
template <class Convert>
json::object by_label(const metric_values& values, std::string_view name, Convert convert) {
  json::object out;
  for (const auto& sample : values.samples(name))
    out.emplace(first_label(sample), convert(count_of(sample)));
  return out;
}

void add_own(std::vector<managed_bean>& out, const metrics_source& from, const metric_values& values) {
  const auto unchanged = [](std::uint64_t count) { return count; };
  add_requests(out, values);
  out.push_back(bean("cm:type=TokenCache", "Tokens in memory",
                     {{"Hits", values.count("cm_token_cache_lookups_total", "hit")},
                      {"Misses", values.count("cm_token_cache_lookups_total", "miss")},
                      {"Bypassed", values.count("cm_token_cache_lookups_total", "bypassed")},
                      {"Evictions", values.count("cm_token_cache_evictions_total")},
                      {"Entries", values.count("cm_token_cache_entries")},
                      {"Bytes", values.count("cm_token_cache_size_bytes")}}));
  out.push_back(bean("cm:type=Outbox", "Events that wait for NATS",
                     {{"Pending", values.count("cm_outbox_events")},
                      {"Confirmed", values.count("cm_outbox_confirmed_total")},
                      {"Failures", values.count("cm_outbox_failures_total")}}));
  out.push_back(bean("cm:type=Nats", "The connection to NATS",
                     {{"Up", from.health.nats.status == core::health_status::up},
                      {"Reconnects", values.count("cm_nats_reconnects_total")},
                      {"LostAnswers", values.count("cm_nats_lost_answers_total")},
                      {"DroppedMessages", by_label(values, "cm_nats_dropped_messages_total", unchanged)}}));
  out.push_back(bean("cm:type=Actors", "The supervision tree",
                     {{"Restarts", by_label(values, "cm_actor_restarts_total", unchanged)},
                      {"Running", by_label(values, "cm_actor_up", [](std::uint64_t count) { return count == 1; })}}));
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
  const auto families = from.collect();
  const metric_values values(families);
  std::vector<managed_bean> out;
  add_machine(out, from);
  add_pool(out, values);
  add_endpoints(out, from, settings);
  add_own(out, from, values);
  return out;
}

} // namespace cm::http
