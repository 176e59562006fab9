#include "actors/nats/reply_batch.hpp"

#include "actors/nats/oversized_reply.hpp"
#include "core/credentials/change_origin.hpp"
#include "messaging/records/ecap_status.hpp"

#include <exception>
#include <utility>

namespace cm::actors {

reply_batch::~reply_batch() {
  if (replies_.empty() || hand_over())
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

// Publishing may block, and any actor may destroy a batch.
bool reply_batch::hand_over() noexcept {
  if (published_ || std::exchange(handed_over_, true) || !origin_->options().late)
    return false;
  try {
    const auto publish = origin_->options().late->load();
    if (!publish)
      return false;
    auto rest = std::make_shared<reply_batch>(origin_);
    rest->handed_over_ = true;
    rest->bytes_.swap(bytes_);
    rest->replies_.swap(replies_);
    (*publish)(std::move(rest));
    return true;
  } catch (const std::exception&) {
    return replies_.empty(); // memory is exhausted; if the replies were moved, the other batch has published them
  }
}

std::size_t reply_batch::publish() noexcept {
  published_ = true;
  std::size_t refused = 0;
  const std::string_view bytes = bytes_;
  auto& connection = origin_->connection();
  for (auto& r : replies_) {
    auto code = connection.publish(r.ticket.message().reply(), bytes.substr(r.start, r.length));
    if (code == core::errc::invalid)
      code = publish_shortened(r);
    if (code != core::errc::none)
      ++refused;
  }
  return refused;
}

// The limit is compared only here, where the connection itself does it: another server may have another one.
core::errc reply_batch::publish_shortened(reply& r) noexcept {
  try {
    const auto& request = r.ticket.message();
    for (const auto id_limit : {core::max_kept_correlation_id, std::size_t{0}}) {
      const auto shortened = oversized_reply(origin_->limiter().protocol(), request.payload(), id_limit);
      if (shortened.size() >= r.length)
        continue;
      const auto code = origin_->connection().publish(request.reply(), shortened);
      if (code == core::errc::none)
        r.status = static_cast<std::uint16_t>(messaging::ecap::status_of(core::errc::invalid));
      if (code != core::errc::invalid)
        return code;
    }
  } catch (const std::exception&) {
    return core::errc::unavailable; // memory is exhausted: the caller counts the loss
  }
  return core::errc::invalid;
}

void reply_batch::flush() noexcept {
  // An error means that there is no connection. The library then keeps what fits into its buffer, and sends it after
  // the reconnect.
  static_cast<void>(origin_->connection().flush_buffer());
}

} // namespace cm::actors
