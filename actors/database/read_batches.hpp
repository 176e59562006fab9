// Questions that wait to be asked together: a batch forms by itself while others are on their way.
#pragma once

#include "core/base/time.hpp"

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace cm::actors {

struct read_limits {
  std::size_t batch = 64;     ///< most questions of one batch
  std::size_t under_way = 2;  ///< most batches that are not answered yet
  std::size_t waiting = 1024; ///< most questions that wait
};

/// A plain queue with one owner. Question has a `deadline`; deadlines rise in the order in which questions come.
template <class Question>
class read_batches {
public:
  explicit read_batches(read_limits limits) : limits_(limits) {}

  /// @return false, and nothing happens, where there is no room
  [[nodiscard]] bool add(Question question) {
    if (waiting_.size() >= limits_.waiting)
      return false;
    waiting_.push_back(std::move(question));
    return true;
  }

  /// The next batch, which is on its way from now on; none while enough are, or where nothing waits.
  [[nodiscard]] std::vector<Question> next() {
    std::vector<Question> batch;
    if (under_way_ >= limits_.under_way)
      return batch;
    while (!waiting_.empty() && batch.size() < limits_.batch) {
      batch.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    if (!batch.empty())
      ++under_way_;
    return batch;
  }

  /// A batch was answered.
  void done() noexcept { --under_way_; }

  /// What waits in vain: its time is up.
  [[nodiscard]] std::vector<Question> take_expired(core::steady_time now) {
    std::vector<Question> late;
    while (!waiting_.empty() && waiting_.front().deadline <= now) {
      late.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    return late;
  }

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

private:
  read_limits limits_;
  std::deque<Question> waiting_;
  std::size_t under_way_ = 0;
};

} // namespace cm::actors
