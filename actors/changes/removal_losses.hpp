// Logs and counts unregistered endpoints that were lost, so that their tokens remain valid.
#pragma once

#include "actors/changes/removal_metrics.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>

namespace cm::actors {

/// Writes one error line for up to 50 endpoint IDs, fewer if the IDs are long. Not thread-safe: one instance per
/// thread.
class removal_losses {
public:
  removal_losses(std::shared_ptr<removal_metrics> metrics, removal_loss why)
    : metrics_(std::move(metrics)), why_(why) {}

  ~removal_losses() { flush(); }

  removal_losses(const removal_losses&) = delete;
  removal_losses& operator=(const removal_losses&) = delete;

  /// Counts an endpoint and adds its ID to the next line.
  void add(std::string_view endpoint_id);

  /// Logs the IDs that were added since the last line.
  void flush();

private:
  std::shared_ptr<removal_metrics> metrics_; ///< may be null
  removal_loss why_;
  std::string ids_;
  std::size_t count_ = 0; ///< IDs in `ids_`
};

} // namespace cm::actors
