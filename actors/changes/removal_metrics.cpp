#include "actors/changes/removal_metrics.hpp"

#include "core/observability/shared_families.hpp"

namespace cm::actors {

std::string_view to_string(removal_loss why) noexcept {
  switch (why) {
  case removal_loss::overflow:
    return "overflow";
  case removal_loss::unread:
    return "unread";
  case removal_loss::failure:
    return "failure";
  case removal_loss::stop:
    break;
  }
  return "stop";
}

std::uint64_t removal_metrics::all_lost() const noexcept {
  std::uint64_t out = 0;
  for (const auto& endpoints : lost)
    out += endpoints.value();
  return out;
}

void register_removal_metrics(core::metric_registry& registry, const std::shared_ptr<const removal_metrics>& metrics) {
  core::add_queue(registry, "unregistered_endpoints", [metrics] { return metrics->unregistered.value(); });
  registry.add({"cm_unregistered_endpoints_lost_total",
                "Unregistered endpoints whose tokens CM does not delete, by reason.", core::metric_type::counter},
               [metrics](const core::scrape&, core::sample_writer& out) {
                 for (std::size_t i = 0; i < removal_loss_count; ++i)
                   out.add({{"reason", to_string(static_cast<removal_loss>(i))}}, metrics->lost[i].value());
               });
}

} // namespace cm::actors
