// Writes replies to the NATS connection: published as a batch, then one flush.
#pragma once

#include "actors/nats/flush_lock.hpp"
#include "actors/nats/nats_metrics.hpp"
#include "actors/nats/reply_batch.hpp"
#include "actors/nats/solo_traffic_detector.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace cm::actors {

/// Shared by the egress, the validators (which bypass the egress for a single reply) and the event publisher; outlives
/// all of them. Counts what it publishes. A shared object and not an actor, because the message to the egress is what a
/// single reply saves.
class reply_writer {
public:
  explicit reply_writer(std::shared_ptr<nats_metrics> metrics) noexcept : metrics_(std::move(metrics)) {}

  /// Where requests find the egress, for replies that nobody has published. Set by the egress. Thread-safe.
  [[nodiscard]] const std::shared_ptr<late_publisher>& late() const noexcept { return late_; }

  /// Publishes and flushes a single reply on the caller's thread, where that takes no longer than the message to the
  /// egress: traffic is solo, no other thread flushes, and the last flush was quick. The caller has a thread of its
  /// own. Blocks for one flush (messaging::connection::flush_buffer). Thread-safe.
  /// @return false: nothing was done; send the batch to the egress
  [[nodiscard]] bool send_now(reply_batch& replies);

  /// Publishes a batch; a call of flush() must follow. For the egress.
  void publish(reply_batch& replies);

  /// Writes what was published on the batch's connection; waits for flushes under way. For the egress.
  void flush(reply_batch& replies);

  /// Flushes what others have put into the connection's buffer, unless another thread flushes or the last flush was
  /// slow; the library or the egress flushes then, at most a millisecond later. Thread-safe.
  void try_flush(messaging::connection& connection) noexcept;

private:
  void publish_locked(reply_batch& replies);
  void flush_locked(reply_batch& replies) noexcept;

  solo_traffic_detector solo_;
  flush_lock lock_;        ///< guards all below
  std::uint64_t lost_ = 0; ///< replies that the connection refused
  std::shared_ptr<nats_metrics> metrics_;
  std::shared_ptr<late_publisher> late_ = std::make_shared<late_publisher>();
};

} // namespace cm::actors
