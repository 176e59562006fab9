// Changes of credentials: who makes them, and who asks for them without an operator.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/storage_job.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/credentials/token.hpp"
#include "http/rest/endpoint_tokens.hpp"
#include "http/rest/token_import.hpp"
#include "storage/session/commands.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cm::actors {

/// A token to be made, and the outcome with the only copy of its value.
struct create_token_order {
  http::create_token_request request;
  core::change_origin origin;
};

struct created_token_outcome {
  core::endpoint_token token;
  core::secret value;
};

using create_order_ptr = std::shared_ptr<const create_token_order>;
using create_result = core::expected<created_token_outcome>;
using create_result_ptr = std::shared_ptr<const create_result>;

/// Any other change of credentials: one storage command. Its IDs and its time are the manager's to fill in.
struct credential_change {
  storage::command command;
  core::channel how = core::channel::rest; ///< an operator's changes are what a bad license forbids
};

using credential_change_ptr = std::shared_ptr<const credential_change>;

/// Some lines of an import, at most storage::max_import.
struct import_order {
  std::vector<http::import_line> lines;
  core::change_origin origin;
};

using import_order_ptr = std::shared_ptr<const import_order>;

/// What became of one line.
struct imported_line {
  core::expected<storage::import_result> result;
  std::optional<core::secret> generated; ///< the token's value, where CM made it
};

/// One a line, in their order; or why none was taken.
using import_outcome = core::expected<std::vector<imported_line>>;
using import_outcome_ptr = std::shared_ptr<const import_outcome>;

using credential_manager_actor = caf::typed_actor<
  // Makes a token; the answer holds its value, the only time that it is shown.
  caf::replies_to<create_atom, create_order_ptr>::with<create_result_ptr>,
  // Makes any other change; answered with the command's reply.
  caf::replies_to<apply_atom, credential_change_ptr>::with<storage_result_ptr>,
  // Imports some lines.
  caf::replies_to<import_atom, import_order_ptr>::with<import_outcome_ptr>,
  // Whether the license allows changes; if not, why.
  caf::reacts_to<license_atom, bool, std::string>,
  // The applications that are known from now on.
  caf::reacts_to<directory_atom, application_directory_ptr>,
  // Who is told of tokens that were taken away, before whoever did it.
  caf::reacts_to<peer_atom, forwarder_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, event_publisher_peer>, caf::reacts_to<peer_atom, revocation_follower_peer>>;

struct credential_manager_peer {
  credential_manager_actor handle;
};

using token_transitioner_actor = caf::typed_actor<
  // Answers every one of the requests.
  caf::reacts_to<validate_atom, pending_transition_requests_ptr>,
  // The applications that are known from now on.
  caf::reacts_to<directory_atom, application_directory_ptr>, caf::reacts_to<peer_atom, credential_manager_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>>;

using endpoint_remover_actor = caf::typed_actor<
  // There are endpoints in the backlog.
  caf::reacts_to<remove_atom>, caf::reacts_to<peer_atom, credential_manager_peer>,
  caf::reacts_to<peer_atom, storage_gate_peer>,
  // INTERNAL: the pause after a failure is over.
  caf::reacts_to<tick_atom>,
  // INTERNAL: look into the backlog, whether anybody said something or not.
  caf::reacts_to<watch_atom>>;

using tekton_follower_actor = caf::typed_actor<
  // Something changed.
  caf::reacts_to<refresh_atom>,
  // INTERNAL: time to ask, or to ask again.
  caf::reacts_to<tick_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::create_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::create_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::credential_change_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::import_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::import_outcome_ptr)
