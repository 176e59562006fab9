#include "actors/changes/removal_losses.hpp"

#include "core/observability/logging.hpp"

namespace cm::actors {

namespace {

// Bounds of a log line. IDs may have 255 bytes, and the log buffers thousands of lines if its output blocks.
constexpr std::size_t ids_per_line = 50;
constexpr std::size_t bytes_per_line = 2'000;

std::string_view explanation(removal_loss why) noexcept {
  switch (why) {
  case removal_loss::overflow:
    return "more events wait than CM keeps";
  case removal_loss::failure:
    return "the database does not delete them";
  case removal_loss::stop:
    return "CM stops before the database has deleted them";
  case removal_loss::unread:
    break;
  }
  return "NATS delivered them faster than CM reads";
}

} // namespace

void removal_losses::add(std::string_view endpoint_id) {
  if (metrics_)
    metrics_->lost[static_cast<std::size_t>(why_)].add(1);
  if (count_ > 0)
    ids_ += ", ";
  ids_ += endpoint_id;
  if (++count_ == ids_per_line || ids_.size() >= bytes_per_line)
    flush();
}

void removal_losses::flush() {
  if (count_ == 0)
    return;
  core::logger("cm.elce")->error("{} unregistered endpoints are lost, their tokens are still valid ({}): {}", count_,
                                 explanation(why_), ids_);
  ids_.clear();
  count_ = 0;
}

} // namespace cm::actors
