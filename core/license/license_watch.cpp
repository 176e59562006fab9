#include "core/license/license_watch.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cm::core {

namespace {

using std::chrono::hours;
using std::chrono::milliseconds;

constexpr milliseconds warn_before = hours{24 * 30};
constexpr milliseconds warn_daily = hours{24};
constexpr milliseconds warn_hourly = hours{1};
constexpr milliseconds bad_file_interval = std::chrono::minutes{1};

/// Also true if the clock stepped back to before `since`: do not wait for the clock to catch up.
bool passed(timestamp since, milliseconds interval, timestamp now) {
  return now < since || now - since >= interval;
}

constexpr std::string_view consequence = "REST writes are refused, validation continues";

} // namespace

std::string_view to_string(license_state state) noexcept {
  constexpr std::array<std::string_view, 3> names{"valid", "grace", "invalid"};
  const auto index = static_cast<std::size_t>(state);
  return index < names.size() ? names[index] : "unknown";
}

license_watch::license_watch(license good, std::optional<file_stamp> stamp, const license_settings& settings,
                             timestamp now)
  : license_(std::move(good)), check_interval_(settings.check_interval), grace_period_(settings.grace_period),
    stamp_(stamp), last_check_(now) {}

bool license_watch::check_due(const std::optional<file_stamp>& current, timestamp now) const {
  const auto interval = fault_ ? std::min(check_interval_, bad_file_interval) : check_interval_;
  return current != stamp_ || passed(last_check_, interval, now);
}

license_change license_watch::checked(const license_result& result, std::optional<file_stamp> stamp, timestamp now) {
  stamp_ = stamp;
  last_check_ = now;
  if (result) {
    const bool was_bad = fault_.has_value();
    fault_.reset();
    if (*result == license_)
      return was_bad ? license_change::recovered : license_change::none;
    license_ = *result;
    last_phase_ = phase::quiet;
    return license_change::taken_over;
  }
  const auto& e = result.error();
  const bool same_file = e.found && e.found->file_digest == license_.file_digest;
  if (same_file && e.failure == license_failure::expired) {
    const bool was_bad = fault_.has_value();
    fault_.reset();
    return was_bad ? license_change::recovered : license_change::none;
  }
  const bool changed = !fault_ || fault_->failure != e.failure;
  fault_ = e;
  return changed ? license_change::invalidated : license_change::none;
}

license_state license_watch::state(timestamp now) const {
  if (fault_ || now > grace_end())
    return license_state::invalid;
  return now > license_.not_after ? license_state::grace : license_state::valid;
}

std::string license_watch::health_text(timestamp now) const {
  if (fault_) {
    std::string text = "the license file became invalid (";
    text += fault_->message;
    text += "): ";
    text += consequence;
    return text;
  }
  const auto end = to_iso8601(license_.not_after);
  switch (state(now)) {
  case license_state::valid:
    return "valid until " + end;
  case license_state::grace:
    return "expired on " + end + ", in its grace period until " + to_iso8601(grace_end());
  case license_state::invalid:
    break;
  }
  std::string text = "expired on " + end;
  if (grace_period_.count() > 0)
    text += ", its grace period is over";
  text += ": ";
  text += consequence;
  return text;
}

std::optional<std::string> license_watch::take_warning(timestamp now) {
  const auto current = warning_phase(now);
  const bool begins = current != last_phase_;
  last_phase_ = current;
  if (current == phase::quiet)
    return std::nullopt;
  if (!begins && !passed(last_warning_, current == phase::daily ? warn_daily : warn_hourly, now))
    return std::nullopt;
  last_warning_ = now;
  std::string text = "license of '";
  text += license_.subject;
  text += "': ";
  text += health_text(now);
  if (current == phase::daily) {
    const auto days = std::chrono::floor<std::chrono::days>(license_.not_after - now).count();
    text += days == 0 ? ", which is within a day" : ", in " + std::to_string(days) + (days == 1 ? " day" : " days");
    text += "; a new file is taken over without a restart";
  }
  return text;
}

std::chrono::seconds license_watch::time_left(timestamp now) const {
  return std::chrono::floor<std::chrono::seconds>(license_.not_after - now);
}

license_watch::phase license_watch::warning_phase(timestamp now) const {
  if (fault_ || now > license_.not_after)
    return phase::hourly;
  return now >= license_.not_after - warn_before ? phase::daily : phase::quiet;
}

timestamp license_watch::grace_end() const {
  return license_.not_after + grace_period_;
}

} // namespace cm::core
