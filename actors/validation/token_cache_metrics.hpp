// The metrics of the token caches, one per token validator.
#pragma once

#include "core/observability/counters.hpp"
#include "core/observability/metric_registry.hpp"

#include <cstddef>
#include <memory>
#include <vector>

namespace cm::actors {

/// Written by one token validator.
struct alignas(64) validator_counters {
  core::counter hits;
  core::counter misses;
  core::counter bypassed; ///< the cache was not used, because the revocation feed had a gap
  core::counter evicted;
  core::gauge entries;
  core::gauge bytes;
};

class token_cache_metrics {
public:
  explicit token_cache_metrics(std::size_t validators);

  [[nodiscard]] const std::shared_ptr<validator_counters>& validator(std::size_t index) const {
    return validators_.at(index);
  }

  [[nodiscard]] const std::vector<std::shared_ptr<validator_counters>>& validators() const noexcept {
    return validators_;
  }

private:
  std::vector<std::shared_ptr<validator_counters>> validators_;
};

/// Registers the sums over all validators.
void register_token_cache_metrics(core::metric_registry& registry,
                                  const std::shared_ptr<const token_cache_metrics>& metrics);

} // namespace cm::actors
