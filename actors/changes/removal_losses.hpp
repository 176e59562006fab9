// Names the unregistered endpoints whose tokens CM will not delete: in the log, and counted.
#pragma once

#include "core/observability/metrics.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace cm::actors {

/// One error line of the log for up to 50 endpoints, fewer where their IDs are long. Not thread-safe: each thread has
/// its own.
class removal_losses {
public:
  removal_losses(std::shared_ptr<core::metrics> metrics, core::removal_loss why)
    : metrics_(std::move(metrics)), why_(why) {}

  ~removal_losses() { flush(); }

  removal_losses(const removal_losses&) = delete;
  removal_losses& operator=(const removal_losses&) = delete;

  /// Counts an endpoint, and keeps its ID for the next line.
  void add(std::string_view endpoint_id);

  /// Logs those that are not in the log yet.
  void flush();

private:
  std::shared_ptr<core::metrics> metrics_; ///< may be null
  core::removal_loss why_;
  std::string ids_;
  std::size_t count_ = 0; ///< of these
};

} // namespace cm::actors
