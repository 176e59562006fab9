// The validators, which reply to validation requests, and the password hashing that they use.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/nats.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/time.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>

namespace cm::actors {

/// Who is served first where passwords wait to be checked.
enum class password_class : std::uint8_t {
  returning, ///< the same password was right lately
  named,     ///< the username exists
  unnamed,   ///< the username is unknown
  created,   ///< no login: an operator's new password, to be hashed
};

/// A password to be hashed, or to be compared with a hash.
struct password_job {
  password_class of = password_class::created;
  core::secret password;
  std::optional<core::secret> phc; ///< hash to compare with; empty: an unknown user; absent: hash the password
  core::steady_time deadline;      ///< the job is not started after it
};

using password_job_ptr = std::shared_ptr<const password_job>;

struct password_verdict {
  bool right = false;   ///< result of a comparison
  bool refused = false; ///< for want of capacity, as unknown usernames are: a failed attempt, but no verdict to tell
  core::secret phc;     ///< the new hash, if the job had none or a right password's hash is outdated; else empty
};

using password_result = core::expected<password_verdict>;
using password_result_ptr = std::shared_ptr<const password_result>;

using token_validator_actor = caf::typed_actor<
  // Endpoint token validation requests. Each of them gets one reply over NATS.
  caf::reacts_to<validate_atom, pending_token_requests_ptr>,
  // Tokens were revoked: drop them from memory.
  caf::reacts_to<invalidate_atom, invalidated_tokens_ptr>,
  // Replaces the known applications.
  caf::reacts_to<directory_atom, application_directory_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>,
  // INTERNAL: the own timeout of a waiting request ends: refuse it.
  caf::reacts_to<watch_atom>,
  // INTERNAL: timer: drop expired entries from memory.
  caf::reacts_to<tick_atom>>;

using password_worker_actor = caf::typed_actor<
  // Hashes or compares; blocks for tens of milliseconds. Answered with the verdict; `unavailable` after the deadline.
  caf::replies_to<password_atom, password_job_ptr>::with<password_result_ptr>>;

struct password_worker_peer {
  password_worker_actor handle;
};

using password_pool_actor = caf::typed_actor<
  // Hashes or compares on a worker. Answered with the verdict; with `overloaded` if too many wait, with `unavailable`
  // if no worker was free by the deadline. password_queue.hpp says in which order jobs are started, and when a wrong
  // password is told.
  caf::replies_to<password_atom, password_job_ptr>::with<password_result_ptr>,
  // The handle of the worker with this index, new or after a restart.
  caf::reacts_to<peer_atom, std::size_t, password_worker_peer>,
  // INTERNAL: a withheld outcome may be told.
  caf::reacts_to<watch_atom>,
  // INTERNAL: timer: answer jobs whose deadline has passed.
  caf::reacts_to<tick_atom>>;

struct password_pool_peer {
  password_pool_actor handle;
};

using client_validator_actor = caf::typed_actor<
  // Validation requests for passwords, and for certificates. Each of them gets one reply over NATS.
  caf::reacts_to<validate_atom, pending_password_requests_ptr>,
  caf::reacts_to<validate_atom, pending_certificate_requests_ptr>,
  // Answered true when the recorded uses are written to the database, false if that failed or the actor ended.
  caf::replies_to<drain_atom>::with<bool>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>, caf::reacts_to<peer_atom, password_pool_peer>,
  // INTERNAL: timer: refuse attempts whose deadline has passed; write the recorded uses to the database.
  caf::reacts_to<tick_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_result_ptr)
