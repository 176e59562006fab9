#include "actors/changes/removal_decoder.hpp"

#include "actors/changes/removal_intake.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/nats/log_throttle.hpp"
#include "core/base/identifiers.hpp"
#include "core/observability/logging.hpp"
#include "messaging/records/elce.hpp"

#include <memory>
#include <utility>

namespace cm::actors {

namespace {

class unregistered_decoder {
public:
  explicit unregistered_decoder(std::shared_ptr<removal_intake> intake) : intake_(std::move(intake)) {}

  void operator()(const messaging::message_batch& batch) {
    for (const auto& message : batch)
      take(message);
    intake_->flush();
  }

private:
  void take(const messaging::message& message) {
    const auto decoded = messaging::decode<messaging::elce::unregistered_event>(message.payload());
    if (decoded.has_value() && core::is_endpoint_id(decoded->endpoint_id)) {
      intake_->take(decoded->endpoint_id, decoded->correlation_id);
      return;
    }
    if (malformed_.should_log())
      core::logger("cm.elce")->warn("{} events of unregistered endpoints cannot be understood: {}", malformed_.count(),
                                    decoded.has_error() ? decoded.error().problem : "not an endpoint ID");
  }

  std::shared_ptr<removal_intake> intake_;
  log_throttle malformed_;
};

} // namespace

decoder unregistered_event_decoder(decoder_context context, std::shared_ptr<removal_backlog> backlog,
                                   std::shared_ptr<removal_metrics> metrics) {
  removal_intake_settings settings;
  settings.announce = [forward = std::move(context.forward)] { forward(removal_news{}); };
  settings.nearly_full = std::move(context.nearly_full);
  settings.ending = std::move(context.ending);
  return unregistered_decoder(
    std::make_shared<removal_intake>(std::move(backlog), std::move(metrics), std::move(settings)));
}

} // namespace cm::actors
