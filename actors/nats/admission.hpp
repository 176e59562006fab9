// How many requests may be in the house at once (kaa.ecap.provider.queue-length): those beyond it are answered at the
// door.
#pragma once

#include "core/observability/metrics.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace cm::actors {

/// Counts requests between their arrival and their answer. Thread-safe and lock-free: requests come in on the NATS
/// library's threads and leave wherever they are answered.
class admission {
public:
  explicit admission(std::size_t limit) : limit_(limit) {}

  /// The door of one protocol, whose answers are counted in `metrics`.
  admission(std::size_t limit, core::ecap_protocol protocol, std::shared_ptr<core::metrics> metrics)
    : limit_(limit), protocol_(protocol), metrics_(std::move(metrics)) {}

  /// Counts one request in; false when the house was full already. Whoever was counted in leaves, full or not.
  [[nodiscard]] bool enter() noexcept { return inside_->fetch_add(1, std::memory_order_relaxed) < limit_; }

  void leave() noexcept { inside_->fetch_sub(1, std::memory_order_acq_rel); }

  [[nodiscard]] std::size_t inside() const noexcept { return inside_->load(std::memory_order_acquire); }

  /// inside() for those who only count: it outlives the door and does not keep it, which keeps the metrics.
  [[nodiscard]] std::shared_ptr<const std::atomic<std::size_t>> count() const noexcept { return inside_; }

  /// Null where nobody counts.
  [[nodiscard]] core::metrics* metrics() const noexcept { return metrics_.get(); }

  [[nodiscard]] core::ecap_protocol protocol() const noexcept { return protocol_; }

private:
  std::size_t limit_;
  core::ecap_protocol protocol_ = core::ecap_protocol::ep_token;
  std::shared_ptr<core::metrics> metrics_;
  std::shared_ptr<std::atomic<std::size_t>> inside_ = std::make_shared<std::atomic<std::size_t>>(0);
};

} // namespace cm::actors
