// A batch of encoded replies that are published together.
#pragma once

#include "actors/interfaces/nats_requests.hpp"
#include "actors/nats/in_flight_ticket.hpp"
#include "actors/nats/nats_metrics.hpp"
#include "core/base/time.hpp"
#include "messaging/nats/connection.hpp"

#include <algorithm>
#include <array>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cm::actors {

/// The properties of a reply that the metrics count.
struct answer_note {
  int status = 0;            ///< status code of 16/ECAP
  core::steady_time arrived; ///< when the request arrived
};

/// Replies to requests of one origin. Normally the egress actor publishes them. If that has not happened, for example
/// after the failure of the actor that held the batch, the destructor gives them to the origin's late publisher, which
/// is the egress again, or publishes them itself if there is none; so no reply is lost inside CM. Then it gives the
/// slots of the requests back. Not thread-safe; one owner at a time. It travels between actors in a shared_ptr, because
/// CAF messages must be copyable.
class reply_batch {
public:
  explicit reply_batch(request_origin_ptr origin) noexcept : origin_(std::move(origin)) {}

  ~reply_batch();
  reply_batch(const reply_batch&) = delete;
  reply_batch& operator=(const reply_batch&) = delete;

  /// Adds the reply to the request with this ticket. On an exception nothing was added, and the caller's ticket is
  /// still open.
  /// @param encode appends the encoded reply to its argument, a std::string&
  /// @pre the ticket is open, and of this batch's origin
  template <class Encode>
  void add(in_flight_ticket&& request, const answer_note& note, Encode&& encode) {
    const auto start = bytes_.size();
    encode(bytes_); // bytes that a failed call has left are in no reply
    replies_.emplace_back(std::move(request), start, note, bytes_.size() - start);
  }

  /// Puts all replies into the connection's buffer; a flush must follow. To be called once at most. A reply that
  /// exceeds the server's max_payload, because the correlation ID of its request is so long, is replaced by a 400 with
  /// a cut correlation ID.
  /// @return the number of replies that the connection refused
  std::size_t publish() noexcept;

  /// Counts the replies, published at `now`, in the counters of their protocol.
  template <class Counter>
  void count(std::array<answer_counters<Counter>, ecap_protocol_count>& into, core::steady_time now) const noexcept {
    if (origin_->options().self_test)
      return;
    auto& own = into[static_cast<std::size_t>(origin_->limiter().protocol())];
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

  /// Whether the requests are CM's own.
  [[nodiscard]] bool self_test() const noexcept { return origin_->options().self_test; }

  /// Identifies the connection; for comparison only.
  [[nodiscard]] const void* connection() const noexcept { return &origin_->connection(); }

  [[nodiscard]] bool empty() const noexcept { return replies_.empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return replies_.size(); }

private:
  struct reply {
    // The vector allocates before it calls this: an exception leaves the ticket where it is.
    reply(in_flight_ticket&& request, std::size_t begin, const answer_note& note, std::size_t size) noexcept
      : ticket(std::move(request)), start(begin), arrived(note.arrived), length(static_cast<std::uint32_t>(size)),
        status(static_cast<std::uint16_t>(note.status)) {}

    in_flight_ticket ticket; ///< owns the reply subject
    std::size_t start;       ///< of the encoded reply in bytes_
    core::steady_time arrived;
    std::uint32_t length;
    std::uint16_t status;
  };

  /// Gives the replies to the origin's late publisher. @return false: there is none
  [[nodiscard]] bool hand_over() noexcept;

  [[nodiscard]] core::errc publish_shortened(reply& r) noexcept;

  request_origin_ptr origin_;
  std::string bytes_;
  std::vector<reply> replies_;
  bool published_ = false;
  bool handed_over_ = false; ///< by another batch: if this one is destroyed as well, it publishes
};

} // namespace cm::actors
