// What travels in the messages between actors.
#pragma once

#include "actors/changes/application_directory.hpp"
#include "actors/database/storage_dispatcher.hpp"
#include "actors/http/request_calls.hpp"
#include "actors/nats/reply_batch.hpp"
#include "core/base/secret.hpp"
#include "core/credentials/revocation.hpp"
#include "core/license/license_watch.hpp"
#include "core/observability/health.hpp"
#include "http/rest/endpoint_tokens.hpp"
#include "http/rest/token_import.hpp"
#include "http/server/connection.hpp"
#include "http/server/exchange.hpp"

#include <caf/allowed_unsafe_message_type.hpp>

#include <cstdint>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cm::actors {

/// State of one component for health.
using component_report = std::variant<core::database_health, core::nats_health, core::license_health,
                                      core::outbox_health, core::actors_health>;
using component_report_ptr = std::shared_ptr<const component_report>;

using health_snapshot_ptr = std::shared_ptr<const core::health_snapshot>;

/// What a database worker tells of itself.
struct worker_report {
  bool connected = false;
  bool refused = false; ///< not a database that this process may work on: no retry helps
  std::string server;   ///< host:port
  std::string version;
  std::string error; ///< why it is not connected
};

using worker_report_ptr = std::shared_ptr<const worker_report>;

/// A connection that lives until the last answer has left through it.
using nats_connection_ptr = std::shared_ptr<messaging::connection>;

/// The NATS connection as its users see it.
struct nats_state {
  nats_connection_ptr connection; ///< null before the first attempt
  bool up = false;
};

using nats_state_ptr = std::shared_ptr<const nats_state>;

/// First uses of tokens.
using activations_ptr = std::shared_ptr<const std::vector<storage::activation>>;

/// An accepted connection that no session has yet.
using socket_ptr = std::shared_ptr<http::accepted_socket>;

using exchange_ptr = std::shared_ptr<http::exchange>;

/// What a REST request for one token, or for a page of an endpoint's tokens, asks of the database.
struct token_read {
  std::variant<storage::token_address, storage::list_tokens> what;
  core::steady_time deadline;
};

using token_read_ptr = std::shared_ptr<const token_read>;

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

/// Events of a committed change, as the outbox holds them.
using revocations_ptr = std::shared_ptr<const std::vector<core::revocation>>;

/// What was published on a connection after that mark.
struct publication {
  std::shared_ptr<messaging::connection> connection;
  messaging::publication_mark since;
};

using publication_ptr = std::shared_ptr<const publication>;

/// Whether the NATS server has it (messaging::connection::confirm).
using confirmation = core::expected<void>;
using confirmation_ptr = std::shared_ptr<const confirmation>;

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

/// A credential that an event named, with the event's time.
struct heard_credential {
  core::uuid id;
  core::timestamp at{};
};

/// Tokens that were revoked, by this replica or another: what is in memory about them does not count any more.
struct forgotten_tokens {
  std::vector<core::uuid> ids;
  bool everything = false;             ///< nobody knows which
  std::vector<heard_credential> heard; ///< tokens and client credentials in events that came over NATS
};

using forgotten_tokens_ptr = std::shared_ptr<const forgotten_tokens>;

/// There are unregistered endpoints in the backlog.
struct removal_news {};

/// Something of the configuration changed: it is read anew as a whole.
struct configuration_news {};

/// What a subscription hands on, decoded.
using delivery = std::variant<token_calls_ptr, transition_calls_ptr, password_calls_ptr, certificate_calls_ptr,
                              removal_news, configuration_news, forgotten_tokens_ptr>;

/// Passes a delivery to whoever works on it now. Any thread.
using forwarder = std::function<void(const delivery&)>;
using forwarder_ptr = std::shared_ptr<const forwarder>;

/// A piece of a request's body, for the actor that reads it.
using body_piece_ptr = std::shared_ptr<const http::body_piece>;

/// One look at the license file.
struct license_look {
  std::optional<core::file_stamp> stamp;      ///< taken before the check
  std::optional<core::license_result> result; ///< where a check was asked for
};

using license_look_ptr = std::shared_ptr<const license_look>;

/// What root is told to stop for.
struct fatal_problem {
  int exit_status = 0;
  std::string message;
};

using fatal_problem_ptr = std::shared_ptr<const fatal_problem>;

/// The two components whose first success the start waits for.
enum class milestone : std::uint8_t { storage, nats };

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::component_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::health_snapshot_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::worker_report_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_connection_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::nats_state_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::activations_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::socket_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::exchange_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_read_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::create_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::create_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::fatal_problem_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::license_look_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::milestone)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::reply_batch_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::application_directory_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::credential_change_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::import_order_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::import_outcome_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::revocations_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::publication_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::confirmation_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::forgotten_tokens_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::forwarder_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::body_piece_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_calls_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::transition_calls_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::password_calls_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::certificate_calls_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_job_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::storage_result_ptr)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::token_lookup_ptr)
