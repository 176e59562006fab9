#include "actors/nats/reply_batch.hpp"

namespace cm::actors {

reply_batch::~reply_batch() {
  if (replies_.empty())
    return;
  // Nobody else will publish it. The library's own flusher writes it to the socket a millisecond later.
  if (!published_) {
    const auto lost = publish();
    if (auto* metrics = origin_->limiter().metrics(); metrics != nullptr) {
      count(metrics->background.answered, std::chrono::steady_clock::now());
      metrics->background.lost.add(lost);
    }
  }
  for (auto& r : replies_)
    r.ticket.close();
}

std::size_t reply_batch::publish() noexcept {
  published_ = true;
  std::size_t refused = 0;
  const std::string_view bytes = bytes_;
  auto& connection = origin_->connection();
  for (const auto& r : replies_) {
    if (connection.publish(r.ticket.message().reply(), bytes.substr(r.start, r.length)) != core::errc::none)
      ++refused;
  }
  return refused;
}

void reply_batch::flush() noexcept {
  // An error means that there is no connection. The library then keeps what fits into its buffer, and sends it after
  // the reconnect.
  static_cast<void>(origin_->connection().flush_buffer());
}

} // namespace cm::actors
