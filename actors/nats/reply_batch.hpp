// Encoded answers on their way to NATS: published together, and by all means.
#pragma once

#include "actors/interfaces/nats_requests.hpp"
#include "actors/nats/in_flight_limiter.hpp"
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

/// What is counted of an answer.
struct answer_note {
  int status = 0;            ///< of 16/ECAP
  core::steady_time arrived; ///< when the request came
};

/// Answers for one NATS connection. The egress actor publishes them in one go; if the batch is lost before it gets
/// there, because an actor that held it died, it publishes itself when it is destroyed: no answer is lost within CM.
/// One owner at a time; it passes from actor to actor inside a shared_ptr, since CAF messages must be copyable.
class reply_batch {
public:
  reply_batch(std::shared_ptr<messaging::connection> connection, std::shared_ptr<in_flight_limiter> limiter);
  ~reply_batch();
  reply_batch(const reply_batch&) = delete;
  reply_batch& operator=(const reply_batch&) = delete;

  /// Adds the answer to `request`. `encode` appends the bytes to the string that it is given.
  template <class Encode>
  void add(messaging::message request, const answer_note& note, Encode&& encode) {
    const auto start = bytes_.size();
    encode(bytes_);
    replies_.push_back({std::move(request), start, note.arrived, static_cast<std::uint32_t>(bytes_.size() - start),
                        static_cast<std::uint16_t>(note.status)});
  }

  /// Hands all answers to the connection's buffer, once; the caller flushes. Returns how many the connection refused.
  std::size_t publish() noexcept;

  /// Counts the answers, which went out at `now`, where those of its protocol belong. Answers that came together are
  /// counted together.
  template <class Counter>
  void count(std::array<core::answer_counters<Counter>, core::ecap_protocol_count>& into,
             core::steady_time now) const noexcept {
    auto& own = into[static_cast<std::size_t>(limiter_->protocol())];
    for (std::size_t i = 0; i < replies_.size();) {
      const auto& first = replies_[i];
      const auto begin = i;
      while (++i < replies_.size() && replies_[i].arrived == first.arrived && replies_[i].status == first.status)
        ;
      const auto place = std::min(core::status_place(first.status), core::ecap_status_count - 1);
      own[place].observe(now - first.arrived, i - begin);
    }
  }

  /// Writes to the socket what publish() has buffered.
  void flush() noexcept;

  /// The encoded answer at that place; the tests look at it.
  [[nodiscard]] std::string_view answer(std::size_t index) const {
    const auto& one = replies_.at(index);
    return std::string_view(bytes_).substr(one.start, one.length);
  }

  /// The connection, to compare with others.
  [[nodiscard]] const void* origin() const noexcept { return connection_.get(); }

  [[nodiscard]] bool empty() const noexcept { return replies_.empty(); }

  [[nodiscard]] std::size_t size() const noexcept { return replies_.size(); }

private:
  struct reply {
    messaging::message request; ///< owns the reply subject
    std::size_t start;
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
