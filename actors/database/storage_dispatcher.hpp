// The queues before the database workers: admission, batches of look-ups, creations and activations, deadlines. A plain
// class that the storage gate owns, without actors or a clock.
#pragma once

#include "actors/database/activation_queue.hpp"
#include "actors/database/completion.hpp"
#include "actors/database/lookup_queue.hpp"
#include "actors/interfaces/storage_job.hpp"
#include "actors/runtime/worker_slots.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/credentials/token.hpp"
#include "storage/session/commands.hpp"
#include "storage/sql/batch_limits.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

namespace cm::actors {

struct dispatcher_settings {
  std::size_t workers = 8;
  std::size_t lookup_batch = storage::max_batch;           ///< maximum of keys in one job
  std::size_t creation_batch = 32;                         ///< maximum of creations in one job
  std::size_t activation_batch = storage::max_activations; ///< maximum of activations in one job
  std::size_t lookup_queue = 65536;                        ///< maximum of waiting keys
  std::size_t command_queue = 1024;                        ///< maximum of waiting commands
  std::size_t activation_queue = 1'048'576; ///< maximum of waiting activations; others are left to the token's next use
  std::size_t eager_lookups = 2; ///< concurrent look-up jobs with batches of any size; further jobs need full batches
  std::size_t max_lookups = 4;   ///< maximum of concurrent look-up jobs; at most half of the pool in any case
  std::chrono::milliseconds slow_lookup{50}; ///< look-up jobs that run longer do not count for the two limits above
  std::chrono::milliseconds activation_rest{500}; ///< pause of activations after the database could not write
  std::string replica;                            ///< the actor in the audit rows of activations
};

/// Each request gets exactly one completion: from finished(), lost(), expire() or refuse_waiting(). Activations are not
/// answered. Not thread-safe; time is a parameter.
class storage_dispatcher {
public:
  using completion = actors::completion;

  /// A job for a connected idle worker.
  struct dispatch {
    std::size_t worker = 0; ///< its index
    std::uint64_t job = 0;  ///< its number, for finished()
    storage_job_ptr payload;
  };

  explicit storage_dispatcher(dispatcher_settings settings);

  // -- requests -------------------------------------------------------------------------------------------------------

  /// Queues a look-up; errc::overloaded if its keys exceed the free capacity of the queue.
  [[nodiscard]] core::expected<ticket> add(const token_lookup& lookup);

  /// Queues a command; errc::overloaded if the queue is full.
  [[nodiscard]] core::expected<ticket> add(storage_job_ptr job);

  /// Queues first uses; a token that waits already, or is being written, is not added again.
  /// @return the number of first uses that were refused, because the queue is full
  std::size_t add(const std::vector<storage::activation>& activations);

  /// Queues a round trip to the database, ahead of all other requests. Completed like a command.
  [[nodiscard]] ticket add_probe(core::steady_time deadline);

  // -- workers --------------------------------------------------------------------------------------------------------

  /// Whether the worker accepts jobs. For a worker that failed use lost().
  void connected(std::size_t worker, bool yes);

  /// The worker's connection has answered. Jobs go to the idle worker that answered last, probes to the one that has
  /// not answered for the longest time.
  void proven(std::size_t worker, core::steady_time now) noexcept { workers_.proven(worker, now); }

  /// The next job for an idle worker. Empty: no worker is idle, or no request may start now. To be called repeatedly
  /// until it is empty.
  [[nodiscard]] std::optional<dispatch> next(core::steady_time now);

  /// The worker finished the job. The result `expired` becomes `unavailable`. Results for requests that are completed
  /// already, and for unknown jobs, are dropped.
  [[nodiscard]] std::vector<completion> finished(std::uint64_t job, const storage_result_ptr& from_worker);

  /// The worker failed: completes the requests of its job with `unavailable`, and counts it as not connected.
  [[nodiscard]] std::vector<completion> lost(std::size_t worker);

  // -- time -----------------------------------------------------------------------------------------------------------

  /// Completes all requests whose deadline has passed with `unavailable`, also those that a worker is executing.
  [[nodiscard]] std::vector<completion> expire(core::steady_time now);

  /// Completes all waiting look-ups and commands with `unavailable`, because the database is known to be down.
  /// Activations keep waiting.
  [[nodiscard]] std::vector<completion> refuse_waiting(const std::string& why);

  // -- state ----------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::size_t connected_workers() const noexcept { return workers_.connected(); }

  /// Workers that have a job.
  [[nodiscard]] std::size_t busy_workers() const noexcept { return running_.size(); }

  /// Whether a probe waits for an idle worker.
  [[nodiscard]] bool probe_waits() const noexcept { return !probes_.empty(); }

  /// Whether look-ups wait or are being executed.
  [[nodiscard]] bool looks_up() const noexcept { return !lookups_.empty() || running(lane::lookup) > 0; }

  /// Whether commands wait or are being executed.
  [[nodiscard]] bool runs_commands() const noexcept { return waiting_commands() > 0 || running(lane::command) > 0; }

  [[nodiscard]] std::size_t waiting_keys() const noexcept { return lookups_.size(); }

  [[nodiscard]] std::size_t waiting_commands() const noexcept { return commands_.size() + creations_.size(); }

  [[nodiscard]] std::size_t waiting_activations() const noexcept { return activations_.size(); }

  /// Nothing waits, and no job but probes and follow reads is running.
  [[nodiscard]] bool idle() const noexcept;

private:
  enum class lane : std::uint8_t { probe, lookup, command, activation, follow };

  struct waiting_command {
    ticket id = 0;
    storage_job_ptr job;
  };

  // A command that a worker is executing.
  struct running_command {
    ticket id = 0;
    core::steady_time deadline;
    bool answered = false; ///< expired meanwhile
  };

  struct running_job {
    lane kind = lane::probe;
    core::steady_time since;
    std::vector<running_command> commands;        ///< lanes probe, command and follow: one, or several creations
    lookup_queue::batch keys;                     ///< lane lookup
    std::vector<storage::activation> activations; ///< lane activation
  };

  [[nodiscard]] std::optional<lane> choose_lane(core::steady_time now) const noexcept;
  [[nodiscard]] bool may_look_up(core::steady_time now) const noexcept;
  [[nodiscard]] std::size_t running(lane kind) const noexcept;
  [[nodiscard]] std::size_t share_of_lookups() const noexcept;
  [[nodiscard]] storage_job_ptr take(running_job& running, core::steady_time now);
  [[nodiscard]] storage_job_ptr take_front(running_job& running, std::deque<waiting_command>& queue);
  [[nodiscard]] storage_job_ptr take_command(running_job& running);
  [[nodiscard]] storage_job_ptr take_creations(running_job& running);
  [[nodiscard]] storage_job_ptr take_lookup(running_job& running);
  [[nodiscard]] storage_job_ptr take_activations(running_job& running, core::steady_time now);
  void complete_commands(const running_job& job, const storage_result_ptr& result, std::vector<completion>& out);

  dispatcher_settings settings_;
  worker_slots workers_;
  std::unordered_map<std::uint64_t, running_job> running_;
  lookup_queue lookups_;
  std::deque<waiting_command> commands_; ///< all but creations of tokens
  std::deque<waiting_command> creations_;
  std::deque<waiting_command> probes_;
  std::deque<waiting_command> follow_reads_; ///< reads of other replicas' revocations, for the revocation follower
  activation_queue activations_;
  std::size_t next_lane_ = 0; ///< where the round-robin over the lanes continues
  bool activation_failed_ = false;
  core::steady_time activations_rest_until_{};
  ticket last_ticket_ = 0;
  std::uint64_t last_job_ = 0;
};

} // namespace cm::actors
