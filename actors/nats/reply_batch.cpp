#include "actors/nats/reply_batch.hpp"

namespace cm::actors {

reply_batch::reply_batch(std::shared_ptr<messaging::connection> connection, std::shared_ptr<in_flight_limiter> limiter)
  : connection_(std::move(connection)), limiter_(std::move(limiter)) {}

reply_batch::~reply_batch() {
  // Nobody else will publish it. The library's own flusher writes it to the socket a millisecond later.
  if (!published_) {
    static_cast<void>(publish());
    if (auto* metrics = limiter_->metrics(); metrics != nullptr && !replies_.empty())
      count(metrics->background.answered, std::chrono::steady_clock::now());
  }
  for (std::size_t i = 0; i < replies_.size(); ++i)
    limiter_->leave();
}

std::size_t reply_batch::publish() noexcept {
  published_ = true;
  std::size_t refused = 0;
  const std::string_view bytes = bytes_;
  for (const auto& r : replies_) {
    if (connection_->publish(r.request.reply(), bytes.substr(r.start, r.length)) != core::errc::none)
      ++refused;
  }
  return refused;
}

void reply_batch::flush() noexcept {
  // An error means that there is no connection. The library then keeps what fits into its buffer, and sends it after
  // the reconnect.
  static_cast<void>(connection_->flush_buffer());
}

} // namespace cm::actors
