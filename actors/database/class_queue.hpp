// The commands of one class of work that wait for a database worker.
#pragma once

#include "actors/database/command_batch.hpp"
#include "actors/database/completion.hpp"
#include "actors/database/work_class.hpp"
#include "core/base/time.hpp"

#include <array>
#include <cstddef>
#include <deque>
#include <vector>

namespace cm::actors {

struct class_limits {
  std::size_t entries = 1024;                       ///< maximum of waiting commands
  std::size_t bytes = std::size_t{8} * 1024 * 1024; ///< that they take, by bytes_of()
};

/// A command that waits.
struct waiting_command {
  ticket id = 0;
  storage_job_ptr job;
  core::steady_time since; ///< when it arrived
};

/// Bounded in number and bytes. Commands start in the order of arrival, except that a command which can be joined with
/// others takes along those that wait behind it. A plain class. Not thread-safe; time is a parameter.
class class_queue {
public:
  explicit class_queue(class_limits limits) : limits_(limits) {}

  /// @return false: the queue is full, and the command was not added
  [[nodiscard]] bool add(waiting_command command);

  /// Removes and returns what starts next: one command, or several of one kind. Commands whose deadline has passed are
  /// moved to `late` instead. Empty: nothing waits.
  /// @param most maximum of parts_of() the commands of one batch, by kind
  [[nodiscard]] std::vector<waiting_command> take(const std::array<std::size_t, batch_kind_count>& most,
                                                  core::steady_time now, std::vector<waiting_command>& late);

  /// Removes the commands whose deadline has passed.
  void take_expired(core::steady_time now, std::vector<waiting_command>& late);

  /// Removes all commands, in any order.
  void take_all(std::vector<waiting_command>& out);

  [[nodiscard]] std::size_t size() const noexcept { return size_; }

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

  [[nodiscard]] bool empty() const noexcept { return size_ == 0; }

private:
  using queue = std::deque<waiting_command>;

  [[nodiscard]] waiting_command pop(queue& from);
  [[nodiscard]] queue* oldest() noexcept;

  class_limits limits_;
  std::array<queue, batch_kind_count> queues_; ///< by kind, each in the order of arrival
  std::size_t size_ = 0;
  std::size_t bytes_ = 0;
};

} // namespace cm::actors
