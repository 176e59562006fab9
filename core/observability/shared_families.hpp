// Families of metrics to which several components contribute: requests by protocol and status, and queues.
#pragma once

#include "core/observability/counters.hpp"
#include "core/observability/metric_registry.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>

namespace cm::core {

/// The statuses with a counter of their own, those of 16/ECAP first. The last element, 0, counts all other statuses.
inline constexpr std::array<int, 29> counted_statuses{200, 400, 401, 403, 404, 408, 409, 429, 500, 503,
                                                      201, 202, 204, 206, 304, 405, 406, 411, 412, 413,
                                                      414, 415, 417, 428, 431, 501, 504, 505, 0};

/// The index of a status in counted_statuses.
[[nodiscard]] std::size_t status_index(int status) noexcept;

/// Registers the requests of one protocol: cm_requests_total and cm_request_duration_seconds.
/// @param statuses number of statuses that the protocol counts: the first ones of counted_statuses
/// @param read returns the number and durations of the responses with a status, by its index in counted_statuses
void add_requests(metric_registry& registry, std::string protocol, std::size_t statuses,
                  std::function<duration_counts(std::size_t status_index)> read);

/// Registers the length of a queue: cm_queue_entries.
void add_queue(metric_registry& registry, std::string queue, std::function<std::uint64_t()> length);

} // namespace cm::core
