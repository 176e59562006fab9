// A bulkhead around password hashing (contract 6.3): a bounded queue before a few workers, so that a flood of logins
// never slows the validation of tokens.
#pragma once

#include "actors/interfaces/validation.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "actors/runtime/worker_slots.hpp"
#include "actors/validation/password_metrics.hpp"
#include "actors/validation/password_queue.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <unordered_map>
#include <vector>

namespace cm::actors {

struct password_pool_settings {
  std::size_t workers = 1;
  password_queue_limits limits;              ///< of waiting jobs; `workers` is that of this struct
  std::chrono::milliseconds tick{100};       ///< resolution of the deadlines of waiting jobs
  std::chrono::milliseconds patience{2000};  ///< after a job's deadline; a worker without an answer by then is dead
  std::shared_ptr<password_metrics> metrics; ///< may be null
};

struct password_pool_state {
  static inline const char* name = "password-pool";

  password_pool_settings settings;
  request_deadlines deadlines;
  std::vector<password_worker_actor> workers; ///< null before the first one with this index exists
  worker_slots slots;
  pending_replies<password_result_ptr, password_job_ptr> jobs; ///< by number; `unavailable` if the pool ends
  password_queue queue{{}};
  std::unordered_map<std::uint64_t, password_result_ptr> withheld; ///< outcomes that may not be told yet, by number
  std::optional<core::steady_time> wake_up;                        ///< when the next `watch` is due
  std::uint64_t last_job = 0;

  password_pool_state();
};

password_pool_actor::behavior_type password_pool(password_pool_actor::stateful_pointer<password_pool_state> self,
                                                 password_pool_settings settings);

struct password_worker_state {
  static inline const char* name = "password-worker";
};

/// To be spawned detached. Lowers the priority of its thread, below the other threads of the process.
password_worker_actor::behavior_type
password_worker(password_worker_actor::stateful_pointer<password_worker_state> self);

} // namespace cm::actors
