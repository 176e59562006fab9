// A bulkhead around password hashing (contract 6.3): a bounded queue before a few workers, so that a flood of logins
// never slows the validation of tokens.
#pragma once

#include "actors/interfaces/validation.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "actors/validation/password_metrics.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

#include <chrono>
#include <cstddef>
#include <deque>
#include <memory>
#include <optional>
#include <vector>

namespace cm::actors {

struct password_pool_settings {
  std::size_t workers = 1;
  std::size_t queue_length = 256;            ///< limit of waiting jobs; those beyond are answered `overloaded`
  std::chrono::milliseconds tick{100};       ///< resolution of the deadlines of waiting jobs
  std::chrono::milliseconds patience{2000};  ///< after a job's deadline; a worker without an answer by then is dead
  std::shared_ptr<password_metrics> metrics; ///< may be null
};

struct password_pool_state {
  static inline const char* name = "password-pool";

  struct waiting {
    password_job_ptr job;
    caf::typed_response_promise<password_result_ptr> promise;
  };

  /// A worker's job.
  struct running {
    std::uint64_t number = 0;
    caf::typed_response_promise<password_result_ptr> promise;
  };

  struct worker {
    password_worker_actor handle;
    std::optional<running> job;
  };

  password_pool_settings settings;
  request_deadlines deadlines;
  std::vector<worker> workers;
  std::deque<waiting> queue;
  std::uint64_t last_job = 0;

  /// Answers `unavailable` to all jobs.
  ~password_pool_state();
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
