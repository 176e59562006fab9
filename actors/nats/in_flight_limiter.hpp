// Limits how many requests of one protocol are in flight (kaa.ecap.provider.queue-length).
#pragma once

#include "actors/nats/ecap_protocol.hpp"
#include "actors/nats/nats_metrics.hpp"

#include <atomic>
#include <cstddef>
#include <memory>
#include <utility>

namespace cm::actors {

/// Counts requests from their arrival to their reply. Thread-safe and lock-free: requests arrive on the NATS library's
/// threads and leave on whatever thread replies. Only the tickets of the requests count (in_flight_ticket.hpp).
class in_flight_limiter {
public:
  explicit in_flight_limiter(std::size_t limit) : limit_(limit) {}

  /// The limiter of one protocol, whose replies are counted in `metrics`.
  in_flight_limiter(std::size_t limit, ecap_protocol protocol, std::shared_ptr<nats_metrics> metrics)
    : limit_(limit), protocol_(protocol), metrics_(std::move(metrics)) {}

  [[nodiscard]] std::size_t in_flight() const noexcept { return in_flight_->load(std::memory_order_acquire); }

  /// The counter itself, for metrics: it outlives the limiter, and does not keep the limiter and thereby the metrics
  /// alive.
  [[nodiscard]] std::shared_ptr<const std::atomic<std::size_t>> count() const noexcept { return in_flight_; }

  /// Null: replies are not counted.
  [[nodiscard]] nats_metrics* metrics() const noexcept { return metrics_.get(); }

  [[nodiscard]] ecap_protocol protocol() const noexcept { return protocol_; }

private:
  friend class in_flight_ticket;
  friend class request_origin;

  /// Increments the in-flight count; returns false if the limit was reached. Every enter() needs a leave(), even after
  /// false.
  [[nodiscard]] bool enter() noexcept { return in_flight_->fetch_add(1, std::memory_order_relaxed) < limit_; }

  void leave() noexcept { in_flight_->fetch_sub(1, std::memory_order_acq_rel); }

  std::size_t limit_;
  ecap_protocol protocol_ = ecap_protocol::ep_token;
  std::shared_ptr<nats_metrics> metrics_;
  std::shared_ptr<std::atomic<std::size_t>> in_flight_ = std::make_shared<std::atomic<std::size_t>>(0);
};

} // namespace cm::actors
