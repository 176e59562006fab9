#include "actors/changes/removal_backlog.hpp"

#include <utility>

namespace cm::actors {

namespace {

// Bytes of an endpoint besides its two texts: the entry, the node in the index, allocator overhead.
constexpr std::size_t overhead = 112;

} // namespace

bool removal_backlog::full() const noexcept {
  return size() >= limits_.endpoints || bytes_ >= limits_.bytes;
}

void removal_backlog::count_in(std::size_t text_bytes) noexcept {
  bytes_ += text_bytes + overhead;
  count_->fetch_add(1, std::memory_order_acq_rel);
}

void removal_backlog::count_out(std::size_t text_bytes) noexcept {
  bytes_ -= text_bytes + overhead;
  count_->fetch_sub(1, std::memory_order_acq_rel);
}

removal_backlog::added removal_backlog::add(std::string_view endpoint_id, std::string_view correlation_id) {
  const std::lock_guard lock(mutex_);
  if (index_.count(endpoint_id) != 0) {
    if (!repeated_.empty())
      repeated_.erase(std::string(endpoint_id));
    return added::merged;
  }
  const auto active = running_.empty() ? running_.end() : running_.find(std::string(endpoint_id));
  if (active != running_.end() && active->second.again)
    return added::merged;
  if (full())
    return added::full;
  count_in(endpoint_id.size() + correlation_id.size());
  if (active != running_.end()) {
    active->second.again.emplace(correlation_id);
    return added::queued;
  }
  entry next;
  next.id_length = endpoint_id.size();
  next.text.reserve(endpoint_id.size() + correlation_id.size());
  next.text.append(endpoint_id).append(correlation_id);
  index_.insert(waiting_.emplace_back(std::move(next)).endpoint_id());
  return added::queued;
}

void removal_backlog::wait_for_room(std::chrono::milliseconds patience) {
  std::unique_lock lock(mutex_);
  room_.wait_for(lock, patience, [this] { return !full(); });
}

std::vector<endpoint_removal> removal_backlog::take(std::size_t max) {
  std::vector<endpoint_removal> out;
  const std::lock_guard lock(mutex_);
  while (out.size() < max && !waiting_.empty()) {
    const auto& oldest = waiting_.front();
    index_.erase(oldest.endpoint_id());
    const auto& taken =
      out.emplace_back(endpoint_removal{std::string(oldest.endpoint_id()), std::string(oldest.correlation_id())});
    waiting_.pop_front();
    running_.emplace(taken.endpoint_id, running{taken.correlation_id, std::nullopt});
  }
  return out;
}

void removal_backlog::done(const std::string& endpoint_id) {
  {
    const std::lock_guard lock(mutex_);
    auto node = running_.extract(endpoint_id);
    if (node.empty())
      return;
    auto& finished = node.mapped();
    repeated_.erase(endpoint_id);
    count_out(endpoint_id.size() + finished.correlation_id.size());
    if (finished.again)
      index_.insert(waiting_.emplace_back(entry{endpoint_id + *finished.again, endpoint_id.size()}).endpoint_id());
  }
  room_.notify_one();
}

// The next attempt also covers an event that arrived during the current one.
void removal_backlog::put_back_running(const std::string& endpoint_id, running removal) {
  if (removal.again)
    count_out(endpoint_id.size() + removal.again->size());
  index_.insert(waiting_.emplace_front(entry{endpoint_id + removal.correlation_id, endpoint_id.size()}).endpoint_id());
}

void removal_backlog::put_back(const std::string& endpoint_id) {
  const std::lock_guard lock(mutex_);
  if (auto node = running_.extract(endpoint_id); !node.empty())
    put_back_running(endpoint_id, std::move(node.mapped()));
}

void removal_backlog::put_back_attempted(const std::string& endpoint_id) {
  const std::lock_guard lock(mutex_);
  auto node = running_.extract(endpoint_id);
  if (node.empty())
    return;
  if (!node.mapped().again)
    repeated_.insert(endpoint_id);
  put_back_running(endpoint_id, std::move(node.mapped()));
}

bool removal_backlog::take_repetition(const std::string& endpoint_id) {
  const std::lock_guard lock(mutex_);
  return repeated_.erase(endpoint_id) != 0;
}

void removal_backlog::put_back_all() {
  const std::lock_guard lock(mutex_);
  for (auto& [endpoint_id, removal] : running_)
    put_back_running(endpoint_id, std::move(removal));
  running_.clear();
}

std::size_t removal_backlog::bytes() const {
  const std::lock_guard lock(mutex_);
  return bytes_;
}

} // namespace cm::actors
