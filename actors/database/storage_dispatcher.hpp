// The queues before the database workers: admission, classes of work, batches, deadlines. A plain class that the
// storage gate owns, without actors or a clock.
#pragma once

#include "actors/database/activation_queue.hpp"
#include "actors/database/class_queue.hpp"
#include "actors/database/completion.hpp"
#include "actors/database/database_metrics.hpp"
#include "actors/database/lookup_queue.hpp"
#include "actors/database/worker_shares.hpp"
#include "actors/interfaces/storage_job.hpp"
#include "actors/runtime/worker_slots.hpp"
#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/credentials/token.hpp"
#include "storage/session/commands.hpp"
#include "storage/sql/batch_limits.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cm::actors {

/// The bounds of the classes, in the order of work_class. Operators and tools have 10,000 connections at most, requests
/// over NATS a limit for each subject; only imports carry much.
inline constexpr std::size_t mebibyte = std::size_t{1024} * 1024;
inline constexpr std::array<class_limits, work_class_count> default_class_limits{{{16'384, 16 * mebibyte},
                                                                                  {4'096, 8 * mebibyte},
                                                                                  {4'096, 16 * mebibyte},
                                                                                  {2'048, 8 * mebibyte},
                                                                                  {256, 32 * mebibyte},
                                                                                  {1'024, 16 * mebibyte}}};

struct dispatcher_settings {
  std::size_t workers = 8;
  std::size_t lookup_batch = storage::max_batch;           ///< maximum of keys in one job
  std::size_t client_batch = storage::max_batch;           ///< maximum of usernames, or of certificates, in one job
  std::size_t creation_batch = 32;                         ///< maximum of creations in one job
  std::size_t activation_batch = storage::max_activations; ///< maximum of activations in one job
  std::size_t lookup_queue = 65536;                        ///< maximum of waiting keys
  std::array<class_limits, work_class_count> classes = default_class_limits; ///< bounds of the waiting commands
  std::size_t activation_queue = 1'048'576; ///< maximum of waiting activations; others are left to the token's next use
  std::size_t eager_lookups = 2; ///< concurrent look-up jobs with batches of any size; further jobs need full batches
  std::size_t max_lookups = 4;   ///< maximum of concurrent look-up jobs; at most half of the pool in any case
  std::chrono::milliseconds slow_lookup{50}; ///< look-up jobs that run longer do not count for the two limits above
  std::chrono::milliseconds activation_rest{500}; ///< pause of activations after the database could not write
  std::string replica;                            ///< the actor in the audit rows of activations
  std::shared_ptr<database_metrics> metrics;      ///< counts refusals and waiting times by class; may be null
};

/// Each request gets exactly one completion: from finished(), lost(), take_late(), expire() or refuse_waiting().
/// Activations are not answered. Which class gets the next worker is up to worker_shares; a class with two kinds of
/// work (look-ups of tokens and of clients; maintenance and activations) serves them in turn. Not thread-safe; time is
/// a parameter.
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

  /// Queues a look-up; errc::overloaded if its keys exceed the free capacity of the queue, errc::unavailable if its
  /// deadline has passed.
  [[nodiscard]] core::expected<ticket> add(const token_lookup& lookup, core::steady_time now);

  /// Queues a command; errc::overloaded if the queue of its class is full, errc::unavailable if its deadline has
  /// passed.
  [[nodiscard]] core::expected<ticket> add(storage_job_ptr job, core::steady_time now);

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
  /// until it is empty, and take_late() after that.
  [[nodiscard]] std::optional<dispatch> next(core::steady_time now);

  /// The requests that next() did not start, because their deadline has passed: completed with `unavailable`.
  [[nodiscard]] std::vector<completion> take_late() noexcept { return std::exchange(late_, {}); }

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

  /// Whether look-ups of tokens wait or are being executed.
  [[nodiscard]] bool looks_tokens_up() const noexcept { return !lookups_.empty() || running(lane::tokens) > 0; }

  /// Whether look-ups of usernames or certificates wait or are being executed.
  [[nodiscard]] bool looks_clients_up() const noexcept;

  [[nodiscard]] std::size_t waiting_keys() const noexcept { return lookups_.size(); }

  /// Commands of all classes.
  [[nodiscard]] std::size_t waiting_commands() const noexcept;

  /// Requests of the class: commands, and keys or activations.
  [[nodiscard]] std::size_t waiting(work_class which) const noexcept;

  [[nodiscard]] std::size_t waiting_activations() const noexcept { return activations_.size(); }

  /// Nothing waits, and no job but probes and follow reads is running.
  [[nodiscard]] bool idle() const noexcept;

private:
  enum class lane : std::uint8_t { probe, follow, tokens, command, activation };

  // A command that a worker is executing.
  struct running_command {
    ticket id = 0;
    core::steady_time deadline;
    std::size_t parts = 1;
    bool answered = false; ///< expired meanwhile
  };

  struct running_job {
    lane kind = lane::probe;
    std::optional<work_class> of; ///< empty: a probe or a follow read, which are before all classes
    core::steady_time since;
    batch_kind batch = batch_kind::single;
    std::vector<running_command> commands;        ///< lanes probe, follow and command; several: a batch
    lookup_queue::batch keys;                     ///< lane tokens
    std::vector<storage::activation> activations; ///< lane activation
  };

  [[nodiscard]] bool may_look_up(core::steady_time now) const noexcept;
  [[nodiscard]] std::size_t running_client_lookups() const noexcept;
  [[nodiscard]] bool may_look_clients_up() const noexcept;
  [[nodiscard]] bool may_activate(core::steady_time now) const noexcept;
  [[nodiscard]] worker_shares::class_set ready_classes(core::steady_time now) const noexcept;
  [[nodiscard]] lane lane_of(work_class which, core::steady_time now) noexcept;
  [[nodiscard]] std::size_t running(lane kind) const noexcept;
  [[nodiscard]] std::optional<running_job> choose(core::steady_time now);
  [[nodiscard]] storage_job_ptr take(running_job& running, core::steady_time now);
  [[nodiscard]] storage_job_ptr take_commands(running_job& running, core::steady_time now);
  [[nodiscard]] storage_job_ptr take_lookup(running_job& running, core::steady_time now);
  [[nodiscard]] storage_job_ptr take_activations(running_job& running, core::steady_time now);
  void complete_commands(const running_job& job, const storage_result_ptr& result, std::vector<completion>& out);

  [[nodiscard]] class_queue& queue_of(work_class which) noexcept { return queues_[index_of(which)]; }

  [[nodiscard]] const class_queue& queue_of(work_class which) const noexcept { return queues_[index_of(which)]; }

  void count_wait(work_class which, core::steady_time since, core::steady_time now) noexcept;
  void count_refusal(work_class which) noexcept;

  dispatcher_settings settings_;
  worker_slots workers_;
  worker_shares shares_;
  std::unordered_map<std::uint64_t, running_job> running_;
  lookup_queue lookups_;
  std::array<class_queue, work_class_count> queues_;
  std::deque<waiting_command> probes_;
  std::deque<waiting_command> follow_reads_; ///< reads of other replicas' revocations, for the revocation follower
  std::vector<completion> late_;
  activation_queue activations_;
  bool clients_next_ = false;     ///< of authentication: look-ups of clients are next, if both kinds wait
  bool activations_next_ = false; ///< of maintenance: likewise
  bool activation_failed_ = false;
  core::steady_time activations_rest_until_{};
  ticket last_ticket_ = 0;
  std::uint64_t last_job_ = 0;
};

} // namespace cm::actors
