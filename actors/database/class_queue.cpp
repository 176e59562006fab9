#include "actors/database/class_queue.hpp"

#include <utility>

namespace cm::actors {

bool class_queue::add(waiting_command command) {
  const auto bytes = bytes_of(command.job->command);
  if (size_ >= limits_.entries || bytes_ + bytes > limits_.bytes)
    return false;
  queues_[static_cast<std::size_t>(batch_kind_of(command.job->command))].push_back(std::move(command));
  ++size_;
  bytes_ += bytes;
  return true;
}

waiting_command class_queue::pop(queue& from) {
  auto out = std::move(from.front());
  from.pop_front();
  --size_;
  bytes_ -= bytes_of(out.job->command);
  return out;
}

// Tickets ascend in the order of arrival.
class_queue::queue* class_queue::oldest() noexcept {
  queue* out = nullptr;
  for (auto& candidate : queues_) {
    if (!candidate.empty() && (out == nullptr || candidate.front().id < out->front().id))
      out = &candidate;
  }
  return out;
}

std::vector<waiting_command> class_queue::take(const std::array<std::size_t, batch_kind_count>& most,
                                               core::steady_time now, std::vector<waiting_command>& late) {
  std::vector<waiting_command> out;
  while (out.empty() && !empty()) {
    auto& from = *oldest();
    const auto kind = batch_kind_of(from.front().job->command);
    std::size_t parts = 0;
    while (!from.empty()) {
      const auto& next = *from.front().job;
      if (next.deadline <= now) {
        late.push_back(pop(from));
        if (out.empty())
          break; // another kind may have waited longer than what follows
        continue;
      }
      parts += parts_of(next.command);
      if (!out.empty() && parts > most[static_cast<std::size_t>(kind)])
        break;
      out.push_back(pop(from));
      if (kind == batch_kind::single)
        break;
    }
  }
  return out;
}

void class_queue::take_expired(core::steady_time now, std::vector<waiting_command>& late) {
  for (auto& waiting : queues_) {
    std::erase_if(waiting, [&](waiting_command& command) {
      if (command.job->deadline > now)
        return false;
      --size_;
      bytes_ -= bytes_of(command.job->command);
      late.push_back(std::move(command));
      return true;
    });
  }
}

void class_queue::take_all(std::vector<waiting_command>& out) {
  for (auto& waiting : queues_) {
    while (!waiting.empty())
      out.push_back(pop(waiting));
  }
}

} // namespace cm::actors
