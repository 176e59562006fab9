#include "actors/nats/nats_log_lines.hpp"

#include "messaging/nats/refusals.hpp"

namespace cm::actors {

bool nats_outage_lines::lost(std::string_view why) {
  const bool due = losses_.should_log();
  const bool fresh = reasons_.size() < max_reasons && reasons_.emplace(why).second;
  logged_ = due || fresh;
  owed_ = false;
  return logged_;
}

bool nats_outage_lines::available() noexcept {
  owed_ = !logged_;
  return logged_;
}

bool nats_outage_lines::lasted() noexcept {
  const bool owed = std::exchange(owed_, false);
  logged_ = true;
  losses_ = {};
  reasons_.clear();
  return owed;
}

std::optional<std::string> nats_error_lines::line_for(std::string_view text) {
  const std::lock_guard lock(guard_);
  if (messaging::may_refuse_publication(text, {}) && !messaging::may_refuse_publication(text, event_subjects_)) {
    if (!refused_replies_.should_log())
      return std::nullopt;
    return std::to_string(refused_replies_.count())
      .append(" responses were refused by NATS, because its user for CM may not publish to their reply subjects; the "
              "last one: ")
      .append(text);
  }
  if (text != last_) {
    last_ = text;
    repetitions_ = {};
  }
  if (!repetitions_.should_log())
    return std::nullopt;
  std::string line(text);
  if (repetitions_.count() > 1)
    line.append(" (").append(std::to_string(repetitions_.count())).append(" times)");
  return line;
}

} // namespace cm::actors
