// The bulkhead around password hashing (contract 6.3): a bounded queue before a few workers, so that a flood of logins
// never slows the validation of tokens.
#pragma once

#include "actors/interfaces/validation.hpp"
#include "actors/runtime/bounded_request.hpp"
#include "core/observability/metrics.hpp"

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
  std::size_t queue_length = 256; ///< jobs that wait; those beyond are answered `overloaded`
  std::chrono::milliseconds tick{100};
  std::chrono::milliseconds patience{2000}; ///< for a worker's answer, beyond the job's deadline
  std::shared_ptr<core::metrics> metrics;   ///< may be null
};

struct password_pool_state {
  static inline const char* name = "password-pool";

  struct waiting {
    password_job_ptr job;
    caf::typed_response_promise<password_result_ptr> promise;
  };

  /// What a worker has in its hands.
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

  /// Whoever still waits is told that nothing comes any more.
  ~password_pool_state();
};

password_pool_actor::behavior_type password_pool(password_pool_actor::stateful_pointer<password_pool_state> self,
                                                 password_pool_settings settings);

struct password_worker_state {
  static inline const char* name = "password-worker";
};

/// To be spawned detached. Its thread gives way a little to all others of the process.
password_worker_actor::behavior_type
password_worker(password_worker_actor::stateful_pointer<password_worker_state> self);

} // namespace cm::actors
