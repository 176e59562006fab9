// The way of all answers onto the NATS connection: published as a batch, then one flush.
#pragma once

#include "actors/nats/flush_turn.hpp"
#include "actors/nats/lone_answers.hpp"
#include "actors/nats/reply_batch.hpp"
#include "core/observability/metrics.hpp"

#include <cstdint>
#include <memory>
#include <utility>

namespace cm::actors {

/// Shared by the egress, those who may do without it for one answer, and the publisher of events; outlives all of them.
/// Counts what it publishes.
class answer_outlet {
public:
  explicit answer_outlet(std::shared_ptr<core::metrics> metrics) noexcept : metrics_(std::move(metrics)) {}

  /// Publishes and flushes a single answer on the caller's thread, where that takes no longer than the hop to the
  /// egress: it is a lone one, nobody else flushes, and the last flush was quick. Blocks for a flush
  /// (messaging::connection::flush_buffer).
  /// @return whether it did; else the batch is to be sent to the egress. Any thread.
  [[nodiscard]] bool send_now(reply_batch& replies);

  /// Publishes; flush is to follow. For the egress.
  void publish(reply_batch& replies);

  /// Writes what was published on the batch's connection, waiting for others who do. For the egress.
  void flush(reply_batch& replies);

  /// Writes what others than the egress have put into the connection's buffer, where nobody flushes and the last flush
  /// was quick; else the library or the egress does, a millisecond later at most. Any thread.
  void flush_in_passing(messaging::connection& connection) noexcept;

private:
  void publish_in_turn(reply_batch& replies);
  void flush_in_turn(reply_batch& replies) noexcept;

  lone_answers lone_;
  flush_turn turn_;        ///< guards all below
  std::uint64_t lost_ = 0; ///< answers that the connection refused
  std::shared_ptr<core::metrics> metrics_;
};

} // namespace cm::actors
