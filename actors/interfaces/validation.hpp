// Who answers validation requests, and the password hashing behind them.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/nats.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/time.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <memory>
#include <optional>

namespace cm::actors {

/// A password to be hashed, or to be compared with a hash.
struct password_job {
  core::secret password;
  std::optional<core::secret> phc; ///< to compare with; empty: a user that is not there; nothing: make a hash
  core::steady_time deadline;      ///< work that nobody waits for any more is not done
};

using password_job_ptr = std::shared_ptr<const password_job>;

struct password_verdict {
  bool right = false; ///< of a comparison
  core::secret phc;   ///< the new hash: of a job without one, or where the one compared with is outdated
};

using password_result = core::expected<password_verdict>;
using password_result_ptr = std::shared_ptr<const password_result>;

using token_validator_actor = caf::typed_actor<
  // Answers every one of the requests.
  caf::reacts_to<validate_atom, pending_token_requests_ptr>,
  // Tokens that were taken away.
  caf::reacts_to<invalidate_atom, invalidated_tokens_ptr>,
  // The applications that are known from now on.
  caf::reacts_to<directory_atom, application_directory_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>,
  // INTERNAL: time to let go of what is too old.
  caf::reacts_to<tick_atom>>;

using password_worker_actor = caf::typed_actor<
  // Hashes or compares; blocks for tens of milliseconds.
  caf::replies_to<password_atom, password_job_ptr>::with<password_result_ptr>>;

struct password_worker_peer {
  password_worker_actor handle;
};

using password_pool_actor = caf::typed_actor<
  // Hashes or compares; `overloaded` at once where too many wait.
  caf::replies_to<password_atom, password_job_ptr>::with<password_result_ptr>,
  // The worker with that index.
  caf::reacts_to<peer_atom, std::size_t, password_worker_peer>,
  // INTERNAL: time to let go of work that nobody waits for any more.
  caf::reacts_to<tick_atom>>;

struct password_pool_peer {
  password_pool_actor handle;
};

using client_validator_actor = caf::typed_actor<
  // Answers every one of the requests.
  caf::reacts_to<validate_atom, pending_password_requests_ptr>,
  caf::reacts_to<validate_atom, pending_certificate_requests_ptr>,
  // Answered when the uses that were noted are written, or cannot be.
  caf::replies_to<drain_atom>::with<bool>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>, caf::reacts_to<peer_atom, password_pool_peer>,
  // INTERNAL: time to write down the uses.
  caf::reacts_to<tick_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_result_ptr)
