// The kinds of root's children, and the phases of their life: plain enumerations.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cm::actors {

/// The children of root, in the order of their start. A kind may have several children, for example one per thread.
enum class child_kind : std::uint8_t {
  health,
  management_io,
  management_listener,
  agent_listener,
  reloader,
  storage_gate,
  database_worker,
  event_publisher,
  credential_manager,
  license,
  password_pool,
  password_worker,
  housekeeper,
  token_reader,
  nats_link,
  nats_egress,
  token_validator,
  revocation_follower,
  client_validator,
  token_transitioner,
  endpoint_remover,
  tekton_follower,
  subscription,
  api_io,
  api_listener,
};

inline constexpr std::size_t child_kinds = static_cast<std::size_t>(child_kind::api_listener) + 1;

/// When a child is started.
enum class start_phase : std::uint8_t {
  first,   ///< at once
  serving, ///< when the database and NATS have answered for the first time
};

/// The steps of the orderly stop, in their order (contract 3.3). A step either drains children or ends them.
enum class stop_step : std::uint8_t {
  respond,          ///< drains: accept nothing new, respond to everything that was accepted
  publish_replies,  ///< drains
  write_changes,    ///< drains: write and publish what the changes have left to do
  write_first_uses, ///< drains
  end_requests,     ///< ends what handles requests and events
  end_changes,      ///< ends what changes credentials
  end_storage,      ///< ends the database workers and the loops of the REST port
  drain_management, ///< drains: the management port closes last, so that probes can observe the stop
  end_management,   ///< ends
  none,             ///< of a child that is not drained
};

} // namespace cm::actors
