// The workers of a pool: which of them are connected, and which job each of them has.
#pragma once

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

  /// The first connected worker without a job; empty if there is none.
  [[nodiscard]] std::optional<std::size_t> idle() const noexcept {
    const auto found =
      std::find_if(workers_.begin(), workers_.end(), [](const slot& w) { return w.connected && !w.job; });
    if (found == workers_.end())
      return std::nullopt;
    return static_cast<std::size_t>(found - workers_.begin());
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
  };

  std::vector<slot> workers_;
};

} // namespace cm::actors
