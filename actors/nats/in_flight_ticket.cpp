#include "actors/nats/in_flight_ticket.hpp"

#include "core/observability/logging.hpp"

#include <exception>

namespace cm::actors {

bool in_flight_ticket::too_large() const noexcept {
  return !charged_ && origin_->options().budget && message_.payload().size() > request_origin::large;
}

void in_flight_ticket::lose() noexcept {
  if (auto* metrics = origin_->limiter().metrics(); metrics != nullptr)
    metrics->background.lost.add(1);
  close();
  try {
    core::logger("cm.ecap")->error("a request is lost without a reply: memory is exhausted");
  } catch (const std::exception&) {
    return; // logging failed too, for want of memory; the loss is counted
  }
}

} // namespace cm::actors
