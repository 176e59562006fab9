// Actors that change credentials: the credential manager, which executes every change, and the actors that request
// changes on NATS messages and not for a REST client.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/storage_job.hpp"
#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/time.hpp"
#include "core/credentials/change_origin.hpp"
#include "core/credentials/token.hpp"
#include "core/credentials/token_requests.hpp"
#include "storage/session/commands.hpp"

#include <caf/allowed_unsafe_message_type.hpp>
#include <caf/typed_actor.hpp>

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace cm::actors {

/// A request to create a token.
struct create_token_order {
  core::create_token_request request;
  core::change_origin origin;
  core::steady_time deadline; ///< see actors/interfaces/deadline.hpp; likewise below
};

struct created_token_outcome {
  core::endpoint_token token;
  core::secret value; ///< the only copy: the database holds a hash
};

using create_order_ptr = std::shared_ptr<const create_token_order>;
using create_result = core::expected<created_token_outcome>;
using create_result_ptr = std::shared_ptr<const create_result>;

/// Any other change of credentials, as one storage command. The manager fills in the IDs and the time.
struct credential_change {
  storage::command command;
  core::channel how = core::channel::rest; ///< an invalid license forbids the changes of operators only
  core::steady_time deadline;
};

using credential_change_ptr = std::shared_ptr<const credential_change>;

/// A batch of an import's lines, at most storage::max_import.
struct import_order {
  std::vector<core::import_line> lines;
  core::change_origin origin;
  core::steady_time deadline;
};

using import_order_ptr = std::shared_ptr<const import_order>;

/// The result of one line.
struct imported_line {
  core::expected<storage::import_result> result;
  std::optional<core::secret> generated; ///< the token's value, if CM generated it
};

/// One result for each line, in the same order; or the error for which no line was imported.
using import_outcome = core::expected<std::vector<imported_line>>;
using import_outcome_ptr = std::shared_ptr<const import_outcome>;

using credential_manager_actor = caf::typed_actor<
  // All requests are answered by their deadlines. What has been given to the database by then may be committed although
  // the answer is `unavailable`.
  // Creates a token. Answered with the token and its value, which is shown this once, or with an error.
  caf::replies_to<create_atom, create_order_ptr>::with<create_result_ptr>,
  // Executes any other change. Answered with the reply to the command, or with an error.
  caf::replies_to<apply_atom, credential_change_ptr>::with<storage_result_ptr>,
  // Imports a batch of lines. Answered with a result for each line, or with an error.
  caf::replies_to<import_atom, import_order_ptr>::with<import_outcome_ptr>,
  // Whether the license allows changes; if it does not, the reason.
  caf::reacts_to<license_atom, bool, std::string>,
  // Replaces the known applications.
  caf::reacts_to<directory_atom, application_directory_ptr>,
  // The forwarder that notifies all validators of this replica. The manager calls it for revoked tokens before it
  // answers the request that revoked them (contract 4.4).
  caf::reacts_to<peer_atom, forwarder_ptr>, caf::reacts_to<peer_atom, storage_gate_peer>,
  caf::reacts_to<peer_atom, event_publisher_peer>, caf::reacts_to<peer_atom, revocation_follower_peer>>;

struct credential_manager_peer {
  credential_manager_actor handle;
};

using token_transitioner_actor = caf::typed_actor<
  // Requests for status transitions. Each of them gets one reply over NATS.
  caf::reacts_to<validate_atom, pending_transition_requests_ptr>,
  // Replaces the known applications.
  caf::reacts_to<directory_atom, application_directory_ptr>, caf::reacts_to<peer_atom, credential_manager_peer>,
  caf::reacts_to<peer_atom, nats_egress_peer>>;

using endpoint_remover_actor = caf::typed_actor<
  // The backlog has unregistered endpoints: delete their tokens.
  caf::reacts_to<remove_atom>, caf::reacts_to<peer_atom, credential_manager_peer>,
  caf::reacts_to<peer_atom, storage_gate_peer>,
  // INTERNAL: the pause after a failure is over.
  caf::reacts_to<tick_atom>,
  // INTERNAL: timer: check the backlog, in case a remove message was lost.
  caf::reacts_to<watch_atom>>;

using tekton_follower_actor = caf::typed_actor<
  // The configuration in Tekton has changed: read all of it.
  caf::reacts_to<refresh_atom>,
  // INTERNAL: timer: query Tekton, or repeat a failed query.
  caf::reacts_to<tick_atom>>;

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::create_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::create_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::credential_change_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::import_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::import_outcome_ptr)
