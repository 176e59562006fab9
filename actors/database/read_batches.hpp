// A queue that combines reads into batches: while some batches are in progress, new reads wait and form the next batch.
#pragma once

#include "core/base/time.hpp"

#include <cstddef>
#include <deque>
#include <utility>
#include <vector>

namespace cm::actors {

struct read_limits {
  std::size_t batch = 64;     ///< maximum of reads in one batch
  std::size_t under_way = 2;  ///< maximum of batches in progress
  std::size_t waiting = 1024; ///< maximum of waiting reads
};

/// A plain class. Not thread-safe.
/// @tparam Read has a member `deadline`; it should not be earlier than those of the reads added before, or the read is
///   taken as expired only after these
template <class Read>
class read_batches {
public:
  explicit read_batches(read_limits limits) : limits_(limits) {}

  /// @return false: the queue is full, and the read was not added
  [[nodiscard]] bool add(Read read) {
    if (waiting_.size() >= limits_.waiting)
      return false;
    waiting_.push_back(std::move(read));
    return true;
  }

  /// Removes and returns the next batch, which counts as in progress until done(). Empty: the maximum of batches is in
  /// progress, or nothing waits.
  [[nodiscard]] std::vector<Read> next() {
    std::vector<Read> batch;
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

  /// A batch is finished.
  void done() noexcept { --under_way_; }

  /// Removes and returns the waiting reads whose deadline has passed.
  [[nodiscard]] std::vector<Read> take_expired(core::steady_time now) {
    std::vector<Read> expired;
    while (!waiting_.empty() && waiting_.front().deadline <= now) {
      expired.push_back(std::move(waiting_.front()));
      waiting_.pop_front();
    }
    return expired;
  }

  [[nodiscard]] std::size_t waiting() const noexcept { return waiting_.size(); }

private:
  read_limits limits_;
  std::deque<Read> waiting_;
  std::size_t under_way_ = 0;
};

} // namespace cm::actors
