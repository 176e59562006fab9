#include "core/observability/process_metrics.hpp"

namespace cm::core {

void register_process_metrics(metric_registry& registry, timestamp started_at) {
  registry.add_counter("process_cpu_seconds_total", "User and system CPU time of the process.",
                       [](const scrape& of) { return of.process.cpu_seconds; });
  registry.add_gauge("process_resident_memory_bytes", "Resident memory.",
                     [](const scrape& of) { return of.process.resident_bytes; });
  registry.add_gauge("process_virtual_memory_bytes", "Virtual memory.",
                     [](const scrape& of) { return of.process.virtual_bytes; });
  registry.add_gauge("process_open_fds", "Open file descriptors.",
                     [](const scrape& of) { return of.process.open_descriptors; });
  registry.add_gauge("process_max_fds", "Maximum number of open file descriptors.",
                     [](const scrape& of) { return of.process.max_descriptors; });
  registry.add_gauge("process_threads", "Threads of the process.", [](const scrape& of) { return of.process.threads; });
  registry.add_gauge("process_start_time_seconds", "Start of the process, in Unix time.",
                     [started_at] { return static_cast<double>(to_unix_ms(started_at)) / 1e3; });
}

} // namespace cm::core
