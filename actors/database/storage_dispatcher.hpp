// The queues before the database workers: admission, micro-batches of look-ups, creations and activations, deadlines.
// A plain class that the storage gate owns; it knows neither actors nor the clock.
#pragma once

#include "actors/database/activation_queue.hpp"
#include "actors/interfaces/storage_job.hpp"
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
  std::size_t lookup_batch = storage::max_batch;           ///< most keys of one job
  std::size_t creation_batch = 32;                         ///< most creations of one job
  std::size_t activation_batch = storage::max_activations; ///< most activations of one job
  std::size_t lookup_queue = 65536;                        ///< most keys that wait
  std::size_t command_queue = 1024;                        ///< most commands that wait
  std::size_t activation_queue = 1'048'576;  ///< most activations that wait; those beyond are left to the next use
  std::size_t eager_lookups = 2;             ///< look-up jobs at once of whatever size; more only with full batches
  std::size_t max_lookups = 4;               ///< look-up jobs at once, in any case at most half of the pool
  std::chrono::milliseconds slow_lookup{50}; ///< a job that takes longer does not keep others from beginning
  std::chrono::milliseconds activation_rest{500}; ///< pause after the database could not write
  std::string replica;                            ///< the actor in the audit rows of activations
};

/// Names what was asked, between the question and its completion.
using ticket = std::uint64_t;

class storage_dispatcher {
public:
  /// The answer to a ticket.
  struct completion {
    ticket id = 0;
    storage_result_ptr result;
  };

  /// A job for a worker that is free and connected.
  struct dispatch {
    std::size_t worker = 0;
    std::uint64_t job = 0;
    storage_job_ptr what;
  };

  explicit storage_dispatcher(dispatcher_settings settings);

  // -- questions ------------------------------------------------------------------------------------------------------

  /// Takes a look-up in; errc::overloaded where the queue has no room for all its keys.
  [[nodiscard]] core::expected<ticket> add(const token_lookup& lookup);

  /// Takes a command in; errc::overloaded where the queue is full.
  [[nodiscard]] core::expected<ticket> add(storage_job_ptr job);

  /// Remembers first uses; one that waits already is taken once. Returns how many found no room.
  std::size_t add(const std::vector<storage::activation>& activations);

  /// Asks for a round trip to the database, ahead of everything that waits. Answered like a command.
  [[nodiscard]] ticket add_probe(core::steady_time deadline);

  // -- workers --------------------------------------------------------------------------------------------------------

  /// The worker can take jobs, or cannot. A worker that was lost with a job: see lost().
  void connected(std::size_t worker, bool yes);

  /// The next job for whoever is free; nothing when nobody is or nothing waits. Call again until then.
  [[nodiscard]] std::optional<dispatch> next(core::steady_time now);

  /// The worker finished the job. `expired` is passed on as `unavailable`; an answer that nobody waits for any more is
  /// dropped.
  [[nodiscard]] std::vector<completion> finished(std::uint64_t job, const storage_result_ptr& from_worker);

  /// The worker died: what it worked on is answered `unavailable`, and it is not connected.
  [[nodiscard]] std::vector<completion> lost(std::size_t worker);

  // -- time -----------------------------------------------------------------------------------------------------------

  /// Answers `unavailable` to everything whose deadline has passed, also what a worker still has in its hands.
  [[nodiscard]] std::vector<completion> expire(core::steady_time now);

  /// Answers `unavailable` to everything that waits, for a database that is known to be away.
  [[nodiscard]] std::vector<completion> refuse_waiting(const std::string& why);

  // -- state ----------------------------------------------------------------------------------------------------------

  [[nodiscard]] std::size_t connected_workers() const noexcept;

  /// Those that have a job.
  [[nodiscard]] std::size_t busy_workers() const noexcept { return running_.size(); }

  [[nodiscard]] std::size_t waiting_keys() const noexcept { return lookups_.size(); }

  [[nodiscard]] std::size_t waiting_commands() const noexcept { return commands_.size() + creations_.size(); }

  [[nodiscard]] std::size_t waiting_activations() const noexcept { return activations_.size(); }

  /// Nothing waits and no worker has a job but probes.
  [[nodiscard]] bool idle() const noexcept;

private:
  enum class lane : std::uint8_t { probe, lookup, command, activation, follow };

  struct hash_of_hash {
    std::size_t operator()(const core::token_hash& value) const noexcept;
  };

  // One place in the answer of a look-up.
  struct seat {
    ticket id;
    std::size_t position;
  };

  struct waiting_key {
    core::token_hash hash;
    seat first;
    std::vector<seat> more; ///< hardly ever
    core::steady_time deadline;
  };

  struct open_lookup {
    std::vector<std::optional<storage::found_token>> found;
    std::size_t missing = 0;
    core::steady_time deadline;
  };

  struct waiting_command {
    ticket id = 0;
    storage_job_ptr job;
  };

  // One question whose answer is not shared.
  struct single {
    ticket id = 0;
    core::steady_time deadline;
    bool answered = false; ///< expired meanwhile
  };

  struct running_job {
    lane kind = lane::probe;
    std::size_t worker = 0;
    core::steady_time since;
    std::vector<single> singles;                  ///< command, probe: one, or several creations
    std::vector<waiting_key> keys;                ///< look-up
    std::vector<storage::activation> activations; ///< activation
  };

  struct worker_state {
    bool connected = false;
    std::optional<std::uint64_t> job;
  };

  [[nodiscard]] std::optional<lane> choose_lane(core::steady_time now) const noexcept;
  [[nodiscard]] bool may_look_up(core::steady_time now) const noexcept;
  [[nodiscard]] std::size_t running(lane kind) const noexcept;
  [[nodiscard]] std::size_t share_of_lookups() const noexcept;
  [[nodiscard]] storage_job_ptr take_single(running_job& running, std::deque<waiting_command>& queue);
  [[nodiscard]] storage_job_ptr take_command(running_job& running);
  [[nodiscard]] storage_job_ptr take_creations(running_job& running);
  [[nodiscard]] storage_job_ptr take_lookup(running_job& running);
  [[nodiscard]] storage_job_ptr take_activations(running_job& running, core::steady_time now);
  void answer_singles(const running_job& job, const storage_result_ptr& result, std::vector<completion>& out);
  void seat_found(const running_job& job, const storage_result_ptr& result, std::vector<completion>& out);
  void fail_keys(const running_job& job, const storage_result_ptr& result, std::vector<completion>& out);
  void fail_lookup(ticket id, const storage_result_ptr& result, std::vector<completion>& out);

  dispatcher_settings settings_;
  std::vector<worker_state> workers_;
  std::unordered_map<std::uint64_t, running_job> running_;
  std::unordered_map<ticket, open_lookup> open_lookups_;
  std::deque<waiting_key> lookups_;
  std::unordered_map<core::token_hash, std::uint64_t, hash_of_hash> waiting_index_; ///< hash -> sequence of its key
  std::uint64_t first_sequence_ = 0;                                                ///< of lookups_.front()
  std::deque<waiting_command> commands_;                                            ///< all but creations of tokens
  std::deque<waiting_command> creations_;
  std::deque<waiting_command> probes_;
  std::deque<waiting_command> follow_reads_; ///< by which revocations are followed
  activation_queue activations_;
  std::size_t next_turn_ = 0;
  bool activation_failed_ = false;
  core::steady_time activations_rest_until_{};
  ticket last_ticket_ = 0;
  std::uint64_t last_job_ = 0;
};

} // namespace cm::actors
