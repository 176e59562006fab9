#include "core/observability/shared_families.hpp"

#include <algorithm>
#include <utility>

namespace cm::core {

namespace {

std::string status_text(std::size_t status_index) {
  const auto status = counted_statuses[status_index];
  return status == 0 ? "other" : std::to_string(status);
}

} // namespace

std::size_t status_index(int status) noexcept {
  const auto found = std::find(counted_statuses.begin(), counted_statuses.end() - 1, status);
  return static_cast<std::size_t>(found - counted_statuses.begin());
}

void add_requests(metric_registry& registry, std::string protocol, std::size_t statuses,
                  std::function<duration_counts(std::size_t status_index)> read) {
  registry.contribute({"cm_requests_total", "Responses by protocol (the requests of 16/ECAP, and rest) and status.",
                       metric_type::counter},
                      [protocol, statuses, read](const scrape&, sample_writer& out) {
                        for (std::size_t index = 0; index < statuses; ++index)
                          out.add({{"protocol", protocol}, {"status", status_text(index)}}, read(index).total());
                      });
  registry.contribute(
    {"cm_request_duration_seconds",
     "Time from the arrival of a request to its response; only for 200 and for statuses that have occurred.",
     metric_type::histogram},
    [protocol = std::move(protocol), statuses, read = std::move(read)](const scrape&, sample_writer& out) {
      for (std::size_t index = 0; index < statuses; ++index) {
        const auto durations = read(index);
        if (counted_statuses[index] == 200 || durations.total() > 0)
          out.add({{"protocol", protocol}, {"status", status_text(index)}}, durations);
      }
    });
}

void add_queue(metric_registry& registry, std::string queue, std::function<std::uint64_t()> length) {
  registry.contribute({"cm_queue_entries", "Entries that wait in the queues between the actors.", metric_type::gauge},
                      [queue = std::move(queue), length = std::move(length)](const scrape&, sample_writer& out) {
                        out.add({{"queue", queue}}, length());
                      });
}

} // namespace cm::core
