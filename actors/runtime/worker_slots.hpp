// The workers of a pool: which of them are connected, and which job each of them has.
#pragma once

#include "core/base/time.hpp"

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

namespace cm::actors {

/// A worker has one job at a time. The owner numbers the jobs, each with a number of its own. A plain class. Not
/// thread-safe.
class worker_slots {
public:
  /// None of the workers is connected at first.
  explicit worker_slots(std::size_t workers = 0) : workers_(workers) {}

  /// Whether the worker accepts jobs. A job that it has stays with it; for a worker that failed use lost(). Ignores
  /// unknown workers.
  void connected(std::size_t worker, bool yes) noexcept {
    if (worker < workers_.size())
      workers_[worker].connected = yes;
  }

  /// The worker has shown that it can work. Ignores unknown workers.
  void proven(std::size_t worker, core::steady_time now) noexcept {
    if (worker < workers_.size())
      workers_[worker].proven = now;
  }

  /// The connected worker without a job that was proven last, or the first one of several; empty if there is none.
  [[nodiscard]] std::optional<std::size_t> idle() const noexcept {
    return choose([](const slot& a, const slot& b) { return a.proven > b.proven; });
  }

  /// The connected worker without a job whose proof is the oldest; empty if there is none.
  [[nodiscard]] std::optional<std::size_t> stalest() const noexcept {
    return choose([](const slot& a, const slot& b) { return a.proven < b.proven; });
  }

  /// Gives a job to a worker. @pre the worker was idle()
  void assign(std::size_t worker, std::uint64_t job) noexcept { workers_[worker].job = job; }

  /// The job has ended: its worker has none now. @return false: no worker had it, because it has ended already
  bool finish(std::uint64_t job) noexcept {
    const auto found = std::find_if(workers_.begin(), workers_.end(), [job](const slot& w) { return w.job == job; });
    if (found == workers_.end())
      return false;
    found->job.reset();
    return true;
  }

  /// The worker failed, or has a successor that knows nothing of its job: it is not connected any more.
  /// @return the job that ended with it; empty: it had none, or there is no such worker
  [[nodiscard]] std::optional<std::uint64_t> lost(std::size_t worker) noexcept {
    if (worker >= workers_.size())
      return std::nullopt;
    workers_[worker].connected = false;
    return std::exchange(workers_[worker].job, std::nullopt);
  }

  [[nodiscard]] std::size_t size() const noexcept { return workers_.size(); }

  [[nodiscard]] std::size_t connected() const noexcept {
    return static_cast<std::size_t>(
      std::count_if(workers_.begin(), workers_.end(), [](const slot& w) { return w.connected; }));
  }

  /// Workers that are connected and have no job.
  [[nodiscard]] std::size_t connected_idle() const noexcept {
    return static_cast<std::size_t>(
      std::count_if(workers_.begin(), workers_.end(), [](const slot& w) { return w.connected && !w.job; }));
  }

  /// Workers that have a job.
  [[nodiscard]] std::size_t busy() const noexcept {
    return static_cast<std::size_t>(
      std::count_if(workers_.begin(), workers_.end(), [](const slot& w) { return w.job.has_value(); }));
  }

private:
  struct slot {
    bool connected = false;
    std::optional<std::uint64_t> job;
    core::steady_time proven;
  };

  template <class Better>
  [[nodiscard]] std::optional<std::size_t> choose(Better better) const noexcept {
    std::optional<std::size_t> best;
    for (std::size_t i = 0; i < workers_.size(); ++i) {
      const auto& worker = workers_[i];
      if (worker.connected && !worker.job && (!best || better(worker, workers_[*best])))
        best = i;
    }
    return best;
  }

  std::vector<slot> workers_;
};

} // namespace cm::actors
