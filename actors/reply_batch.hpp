// Encoded answers on their way to NATS: published together, and by all means.
#pragma once

#include "actors/admission.hpp"
#include "messaging/connection.hpp"
#include "messaging/subscription.hpp"

#include <cstddef>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

namespace cm::actors {

/// Answers for one NATS connection. The egress actor publishes them in one go; if the batch is lost before it gets
/// there, because an actor that held it died, it publishes itself when it is destroyed: no answer is lost within CM.
/// One owner at a time; it passes from actor to actor inside a shared_ptr, since CAF messages must be copyable.
class reply_batch {
public:
  reply_batch(std::shared_ptr<messaging::connection> connection, std::shared_ptr<admission> door);
  ~reply_batch();
  reply_batch(const reply_batch&) = delete;
  reply_batch& operator=(const reply_batch&) = delete;

  /// Adds the answer to `request`. `encode` appends the bytes to the string that it is given.
  template <class Encode>
  void add(messaging::message request, Encode&& encode) {
    const auto start = bytes_.size();
    encode(bytes_);
    replies_.push_back({std::move(request), start, bytes_.size() - start});
  }

  /// Hands all answers to the connection's buffer, once; the caller flushes. Returns how many the connection refused.
  std::size_t publish() noexcept;

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
    std::size_t length;
  };

  std::shared_ptr<messaging::connection> connection_;
  std::shared_ptr<admission> door_;
  std::string bytes_;
  std::vector<reply> replies_;
  bool published_ = false;
};

using reply_batch_ptr = std::shared_ptr<reply_batch>;

} // namespace cm::actors
