// A batch of encoded replies that are published together.
#pragma once

#include "actors/interfaces/nats_requests.hpp"
#include "actors/nats/in_flight_limiter.hpp"
#include "actors/nats/nats_metrics.hpp"
#include "core/base/time.hpp"
#include "messaging/nats/connection.hpp"
#include "messaging/nats/subscription.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cm::actors {

/// The properties of a reply that the metrics count.
struct answer_note {
  int status = 0;            ///< status code of 16/ECAP
  core::steady_time arrived; ///< when the request arrived
};

/// Replies for one NATS connection. Normally the egress actor publishes them. The destructor publishes them if that has
/// not happened, for example after the failure of the actor that held the batch, so no reply is lost inside CM.
/// Not thread-safe; one owner at a time. It travels between actors in a shared_ptr, because CAF messages must be
/// copyable.
class reply_batch {
public:
  reply_batch(std::shared_ptr<messaging::connection> connection, std::shared_ptr<in_flight_limiter> limiter);
  ~reply_batch();
  reply_batch(const reply_batch&) = delete;
  reply_batch& operator=(const reply_batch&) = delete;

  /// Adds the reply to `request`.
  /// @param encode appends the encoded reply to its argument, a std::string&
  template <class Encode>
  void add(messaging::message request, const answer_note& note, Encode&& encode) {
    const auto start = bytes_.size();
    encode(bytes_);
    replies_.push_back({std::move(request), start, note.arrived, static_cast<std::uint32_t>(bytes_.size() - start),
                        static_cast<std::uint16_t>(note.status)});
  }

  /// Puts all replies into the connection's buffer; a flush must follow. To be called once at most.
  /// @return the number of replies that the connection refused
  std::size_t publish() noexcept;

  /// Counts the replies, published at `now`, in the counters of their protocol.
  template <class Counter>
  void count(std::array<answer_counters<Counter>, ecap_protocol_count>& into, core::steady_time now) const noexcept {
    auto& own = into[static_cast<std::size_t>(limiter_->protocol())];
    for (std::size_t i = 0; i < replies_.size();) {
      // One update for a run of replies with the same arrival time and status.
      const auto& first = replies_[i];
      const auto begin = i;
      while (++i < replies_.size() && replies_[i].arrived == first.arrived && replies_[i].status == first.status)
        ;
      const auto index = std::min(core::status_index(first.status), ecap_status_count - 1);
      own[index].observe(now - first.arrived, i - begin);
    }
  }

  /// Writes the connection's buffer to the socket.
  void flush() noexcept;

  /// The encoded reply with this index; for tests.
  [[nodiscard]] std::string_view answer(std::size_t index) const {
    const auto& selected = replies_.at(index);
    return std::string_view(bytes_).substr(selected.start, selected.length);
  }

  /// Identifies the connection; for comparison only.
  [[nodiscard]] const void* origin() const noexcept { return connection_.get(); }

  [[nodiscard]] bool empty() const noexcept { return replies_.empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return replies_.size(); }

private:
  struct reply {
    messaging::message request; ///< owns the reply subject
    std::size_t start;          ///< of the encoded reply in bytes_
    core::steady_time arrived;
    std::uint32_t length;
    std::uint16_t status;
  };

  std::shared_ptr<messaging::connection> connection_;
  std::shared_ptr<in_flight_limiter> limiter_;
  std::string bytes_;
  std::vector<reply> replies_;
  bool published_ = false;
};

} // namespace cm::actors
