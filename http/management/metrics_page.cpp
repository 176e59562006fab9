#include "http/management/metrics_page.hpp"

#include "http/json/json_writer.hpp"
#include "http/management/metric_values.hpp"
#include "http/management/object_name.hpp"
#include "http/management/prometheus_families.hpp"
#include "http/rest/routes.hpp"

#include <prometheus/text_serializer.h>

#include <algorithm>
#include <functional>
#include <map>
#include <utility>

namespace cm::http {

namespace {

using prometheus::MetricType;

constexpr std::uint64_t kilobyte = 1024;

std::string dotted(std::string_view name) {
  std::string out{name};
  std::replace(out.begin(), out.end(), '_', '.');
  return out;
}

// Writes the flat object, or those of its members that are wanted.
class flat_writer {
public:
  using filter = std::function<bool(std::string_view name)>;

  explicit flat_writer(filter wanted = {}) : wanted_(std::move(wanted)) { out_.begin_object(); }

  flat_writer& member(std::string_view name, std::uint64_t value) {
    if (wants(name))
      out_.member(name, value);
    return *this;
  }

  void number(std::string_view name, double value) {
    if (wants(name))
      out_.key(name).number(value);
  }

  [[nodiscard]] bool empty() const noexcept { return empty_; }

  [[nodiscard]] std::string take() {
    out_.end_object();
    return out_.take();
  }

private:
  [[nodiscard]] bool wants(std::string_view name) {
    if (wanted_ && !wanted_(name))
      return false;
    empty_ = false;
    return true;
  }

  json_writer out_;
  filter wanted_;
  bool empty_ = true;
};

// Spring Boot takes a name with one of these characters for a regular expression.
bool is_metric_pattern(std::string_view name) noexcept {
  return name.find_first_of("*$^+[") != std::string_view::npos;
}

// The wildcards that mean the same as a regular expression of the supported form; nullopt for any other.
std::optional<std::string> wildcards_of(std::string_view expression) {
  if (expression.starts_with('^'))
    expression.remove_prefix(1);
  if (expression.ends_with('$'))
    expression.remove_suffix(1);
  std::string wildcards;
  for (std::size_t i = 0; i < expression.size(); ++i) {
    if (expression.substr(i).starts_with(".*")) {
      wildcards.push_back('*');
      ++i;
    } else if (expression.substr(i).starts_with("\\.")) {
      wildcards.push_back('.');
      ++i;
    } else if (expression[i] == '.') {
      wildcards.push_back('?');
    } else if (std::string_view{"*+?[](){}|^$\\"}.find(expression[i]) != std::string_view::npos) {
      return std::nullopt;
    } else {
      wildcards.push_back(expression[i]);
    }
  }
  return wildcards;
}

void add_families(flat_writer& out, const std::vector<core::collected_family>& families) {
  for (const auto& family : prometheus_families(families)) {
    for (const auto& metric : family.metric) {
      auto name = dotted(family.name);
      for (const auto& label : metric.label)
        name.append(".").append(label.value);
      if (family.type == MetricType::Histogram) {
        out.number(name + ".count", static_cast<double>(metric.histogram.sample_count));
        out.number(name + ".sum", metric.histogram.sample_sum);
      } else {
        out.number(name, family.type == MetricType::Counter ? metric.counter.value : metric.gauge.value);
      }
    }
  }
}

// Spring Boot counts responses by path and status, over all methods.
struct path_counts {
  std::map<int, std::uint64_t> by_status;
  response_counters::last_response last;
};

void gather(path_counts& into, const rest_metrics& rest, std::size_t route) {
  for (const auto& loop : rest.loops()) {
    for (std::size_t status_index = 0; status_index < core::counted_statuses.size(); ++status_index) {
      if (const auto count = loop->count(route, status_index); count > 0)
        into.by_status[core::counted_statuses[status_index]] += count;
    }
    if (const auto last = loop->last(route); last.at_ns > into.last.at_ns)
      into.last = last;
  }
}

void add_paths(flat_writer& out, const rest_metrics& rest) {
  std::map<std::string, path_counts> paths;
  for (std::size_t route = 0; route < api_route_count; ++route)
    gather(paths[metric_name_of(path_template_of(static_cast<api_route>(route)))], rest, route);
  gather(paths["unmapped"], rest, response_counters::no_route);
  for (const auto& [path, counts] : paths) {
    for (const auto& [status, count] : counts.by_status)
      out.member("counter.status." + std::to_string(status) + "." + path, count);
    if (counts.last.at_ns > 0)
      out.number("gauge.response." + path, static_cast<double>(counts.last.took_ns) / 1e6);
  }
}

void add_system(flat_writer& out, const metrics_source& from, const metric_values& values) {
  const auto& process = from.process;
  const auto up = std::max<std::int64_t>(0, core::to_unix_ms(from.now) - core::to_unix_ms(from.info.started_at));
  const auto budget = std::uint64_t{from.memory_budget};
  out.member("mem", process.resident_bytes / kilobyte)
    .member("mem.free", (budget > process.resident_bytes ? budget - process.resident_bytes : 0) / kilobyte)
    .member("processors", process.processors)
    .member("instance.uptime", static_cast<std::uint64_t>(up))
    .member("uptime", static_cast<std::uint64_t>(up));
  out.number("systemload.average", process.load_average);
  out.member("heap.committed", process.heap_bytes / kilobyte)
    .member("heap.used", process.heap_used_bytes / kilobyte)
    .member("heap", budget / kilobyte)
    .member("threads", process.threads);
  const auto busy = values.count("cm_database_pool_connections", "busy");
  const auto max = values.count("cm_database_pool_connections_max");
  out.member("datasource.primary.active", busy);
  out.number("datasource.primary.usage", max == 0 ? 0.0 : static_cast<double>(busy) / static_cast<double>(max));
}

} // namespace

std::string metric_name_of(std::string_view path_template) {
  std::string out;
  for (const char c : path_template) {
    if (c == '/' && !out.empty())
      out.push_back('.');
    else if (c != '/' && c != '{' && c != '}')
      out.push_back(c);
  }
  return out;
}

response render_prometheus(const metrics_source& from) {
  response answer;
  answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
  answer.body = prometheus::TextSerializer{}.Serialize(prometheus_families(from.collect()));
  return answer;
}

namespace {

void add_all(flat_writer& out, const metrics_source& from) {
  const auto families = from.collect();
  add_system(out, from, metric_values(families));
  add_paths(out, from.rest);
  add_families(out, families);
}

} // namespace

response render_metrics(const metrics_source& from) {
  flat_writer out;
  add_all(out, from);
  return json_response(200, out.take());
}

std::optional<response> render_metric(const metrics_source& from, std::string_view name) {
  const auto wildcards = is_metric_pattern(name) ? wildcards_of(name) : std::nullopt;
  flat_writer out{
    [&](std::string_view metric) { return wildcards ? matches_wildcards(*wildcards, metric) : metric == name; }};
  add_all(out, from);
  if (out.empty() && !wildcards)
    return std::nullopt;
  return json_response(200, out.take());
}

} // namespace cm::http
