#include "actors/changes/removal_intake.hpp"

#include "storage/events/audit.hpp"

#include <string>

namespace cm::actors {

bool removal_intake::may_wait() {
  if (settings_.ending()) {
    const auto now = std::chrono::steady_clock::now();
    if (!give_up_at_)
      give_up_at_ = now + settings_.last_wait;
    if (now >= *give_up_at_)
      return false;
  }
  return !settings_.nearly_full();
}

void removal_intake::take(std::string_view endpoint_id, std::string_view correlation_id) {
  std::string bounded;
  if (correlation_id.size() > storage::max_audit_text) {
    bounded = storage::audit_text(correlation_id);
    correlation_id = bounded;
  }
  for (;;) {
    switch (backlog_->add(endpoint_id, correlation_id)) {
    case removal_backlog::added::queued:
      news_ = true;
      return;
    case removal_backlog::added::merged:
      return;
    case removal_backlog::added::full:
      break;
    }
    if (!may_wait()) {
      losses_.add(endpoint_id);
      return;
    }
    flush();
    backlog_->wait_for_room(settings_.slice);
  }
}

void removal_intake::flush() {
  if (news_ && backlog_->needs_announcement())
    settings_.announce();
  news_ = false;
  losses_.flush();
}

} // namespace cm::actors
