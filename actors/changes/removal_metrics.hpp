// The metrics of unregistered endpoints whose tokens CM removes.
#pragma once

#include "core/observability/counters.hpp"
#include "core/observability/metric_registry.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string_view>

namespace cm::actors {

/// Why CM did not remove the tokens of an unregistered endpoint. Its event is not repeated, so the tokens remain.
enum class removal_loss : std::uint8_t {
  overflow, ///< CM's queue of such events was full
  unread,   ///< the NATS library dropped the event before CM read it, so the endpoint is unknown
  failure,  ///< the database rejected the removal permanently
  stop,     ///< the process stopped
};

inline constexpr std::size_t removal_loss_count = 4;

/// "overflow", "unread", "failure", "stop".
[[nodiscard]] std::string_view to_string(removal_loss why) noexcept;

struct removal_metrics {
  /// The number of unregistered endpoints whose removal is queued or in progress: linked to the count of the backlog.
  core::linked_gauge unregistered;

  /// Unregistered endpoints whose tokens were not removed, by removal_loss. Any thread writes.
  std::array<core::shared_counter, removal_loss_count> lost;

  /// The sum of `lost`.
  [[nodiscard]] std::uint64_t all_lost() const noexcept;
};

void register_removal_metrics(core::metric_registry& registry, const std::shared_ptr<const removal_metrics>& metrics);

} // namespace cm::actors
