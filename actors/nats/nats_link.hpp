// The actor that owns the NATS connection, monitors it, and notifies its users when it is lost or restored.
#pragma once

#include "actors/interfaces/health.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/nats/nats_log_lines.hpp"
#include "actors/nats/nats_metrics.hpp"
#include "actors/runtime/pending_replies.hpp"
#include "core/base/backoff.hpp"
#include "core/configuration/settings.hpp"
#include "messaging/nats/connection.hpp"
#include "messaging/nats/subscription.hpp"

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
  std::string probe_subject;                     ///< for round trips; unique to this process
  std::chrono::milliseconds tick{100};           ///< period of the round trips; there is one at a time
  std::chrono::milliseconds probe_patience{500}; ///< a round trip that takes longer means that the server is down
  std::function<void()> on_first_contact;        ///< called once, after the first round trip

  /// A subscription on this subject lost messages, because its queue in the library was full. Called on a thread of the
  /// library.
  std::function<void(std::string_view subject)> on_overflow;

  /// The server refused an operation for want of a permission (messaging/nats/refusals.hpp). Called on a thread of
  /// the library.
  std::function<void(std::string_view text)> on_refusal;

  std::vector<std::string> event_subjects; ///< whose publications connection::confirm() vouches for
  std::shared_ptr<nats_metrics> metrics;   ///< may be null
};

/// Judges by round trips whether the server answers. A plain class: time is a parameter. Not thread-safe.
class link_pulse {
public:
  explicit link_pulse(std::chrono::milliseconds patience) : patience_(patience) {}

  void connected(bool yes) noexcept {
    connected_ = yes;
    proven_ = false;
    started_.reset();
  }

  /// To be called before a round trip begins. @return false: one is under way already, so do not begin another
  [[nodiscard]] bool start_round_trip(core::steady_time now) noexcept {
    if (started_)
      return false;
    started_ = now;
    return true;
  }

  /// The round trip has returned.
  void round_trip_returned() noexcept {
    started_.reset();
    proven_ = connected_;
  }

  [[nodiscard]] bool connected() const noexcept { return connected_; }

  [[nodiscard]] bool stalled(core::steady_time now) const noexcept {
    return connected_ && started_ && now - *started_ > patience_;
  }

  /// Connected, a round trip on this connection has returned, and none is overdue.
  [[nodiscard]] bool up(core::steady_time now) const noexcept { return proven_ && !stalled(now); }

private:
  std::chrono::milliseconds patience_;
  std::optional<core::steady_time> started_;
  bool connected_ = false;
  bool proven_ = false;
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
  bool was_up = false;          ///< the state that was reported last
  bool had_contact = false;     ///< on_first_contact was called
  bool renew = false;           ///< the login was replaced since this connection was opened
};

/// To be spawned detached: opening a connection blocks. Reconnects indefinitely: losing NATS is a state, not a failure.
/// Pending replies keep a replaced connection alive until they are published.
nats_link_actor::behavior_type nats_link(nats_link_actor::stateful_pointer<nats_link_state> self,
                                         nats_link_settings settings, health_actor health);

} // namespace cm::actors
