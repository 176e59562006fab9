#include "actors/database/storage_request.hpp"

#include "core/observability/logging.hpp"

namespace cm::actors {

core::error storage_gate_lost(const caf::error& problem) {
  auto why = describe_reason(problem);
  core::logger("cm.storage")->warn("no answer from the storage gate: {}", why);
  return core::make_error(core::errc::unavailable, "Service Unavailable", "storage gate: " + std::move(why));
}

} // namespace cm::actors
