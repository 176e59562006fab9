// The actor that owns the NATS connection, monitors it, and notifies its users when it is lost or restored.
#pragma once

#include "actors/interfaces/health.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/nats/link_pulse.hpp"
#include "actors/nats/nats_log_lines.hpp"
#include "actors/nats/nats_metrics.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "core/base/backoff.hpp"
#include "core/configuration/settings.hpp"
#include "messaging/nats/connection.hpp"
#include "messaging/nats/subscription.hpp"

#include <caf/actor.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::actors {

struct nats_link_settings {
  core::nats_settings nats;
  std::string probe_subject;                    ///< for round trips; unique to this process
  std::chrono::milliseconds tick{100};          ///< period of the round trips; there is one at a time
  link_pulse_settings pulse;                    ///< when a round trip is overdue
  std::chrono::milliseconds ping_patience{300}; ///< for the last proof before a silent connection is given up
  std::function<void()> on_first_contact;       ///< called once, after the first round trip

  /// A subscription on this subject lost messages, because its queue in the library was full. Called on a thread of the
  /// library.
  std::function<void(std::string_view subject)> on_overflow;

  /// The server refused an operation for want of a permission (messaging/nats/refusals.hpp). Called on a thread of
  /// the library.
  std::function<void(std::string_view text)> on_refusal;

  std::vector<std::string> event_subjects; ///< whose publications connection::confirm() vouches for
  std::shared_ptr<nats_metrics> metrics;   ///< may be null
};

/// A confirmation that is pending until a round trip returns.
struct awaited_round_trip {
  std::uint64_t number = 0; ///< of the round trip
  bool second = false;      ///< the second one for this confirmation: refusals by the server are known by then
  std::uint64_t confirmation = 0;
};

struct nats_link_state {
  static inline const char* name = "nats-link";

  nats_link_settings settings;
  std::shared_ptr<messaging::connection> connection;

  /// Former connections that others still hold. This actor lets go of them last, so that no event-based actor destroys
  /// one, which would block its thread.
  std::vector<std::shared_ptr<messaging::connection>> retired;
  std::unique_ptr<messaging::subscription> probe; ///< declared after the connection, so it is destroyed before it
  std::optional<link_pulse> pulse;
  std::vector<nats_user_actor> users;
  health_actor health;
  std::uint64_t probes = 0;                ///< number of the latest round trip
  std::vector<awaited_round_trip> awaited; ///< in no particular order
  pending_replies<bool> confirmations{false};
  std::uint64_t last_confirmation = 0;
  std::string why_down;
  std::optional<core::connection_backoff> reopen;
  unsigned short_lived = 0; ///< connections to servers that the library has lost since one lasted
  nats_outage_lines lines;
  std::shared_ptr<nats_error_lines> errors; ///< shared with the handlers of all connections
  core::steady_time next_open{};
  std::uint64_t generation = 0; ///< number of the connection: messages about an older one are ignored
  caf::actor opener;            ///< while a connection is being opened
  bool was_up = false;          ///< the state that was reported last
  bool had_contact = false;     ///< on_first_contact was called
  bool renew = false;           ///< the login was replaced since this connection was opened
};

/// To be spawned detached: functions of the connection block. Opening and closing one takes longer, so each has a
/// thread of its own meanwhile, and this actor goes on reporting. Reconnects indefinitely: losing NATS is a state, not
/// a failure. A connection whose server is silent is closed and replaced, so that the server gives its requests to
/// other replicas. Pending replies keep a replaced connection alive until they are published.
nats_link_actor::behavior_type nats_link(nats_link_actor::stateful_pointer<nats_link_state> self,
                                         nats_link_settings settings, health_actor health);

} // namespace cm::actors
