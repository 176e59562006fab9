// The NATS connection and its state; tells those who use it of loss and return.
#pragma once

#include "actors/interfaces/health.hpp"
#include "actors/interfaces/nats.hpp"
#include "core/base/backoff.hpp"
#include "core/configuration/settings.hpp"
#include "core/observability/metrics.hpp"
#include "messaging/nats/connection.hpp"
#include "messaging/nats/subscription.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>
#include <caf/typed_response_promise.hpp>

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
  std::string probe_subject;                     ///< of this process alone
  std::chrono::milliseconds tick{100};           ///< how often a round trip is made, unless one is under way
  std::chrono::milliseconds probe_patience{500}; ///< silence after which the server counts as away
  std::function<void()> on_first_contact;        ///< called once, when the connection is made

  /// A subscription on that subject lost messages, because too many waited; on a thread of the library.
  std::function<void(std::string_view subject)> on_overflow;

  /// The server does not permit something (messaging::refuses_subscription); on a thread of the library.
  std::function<void(std::string_view text)> on_refusal;

  std::shared_ptr<core::metrics> metrics; ///< may be null
};

/// Whether the server answers. A plain class: time is a parameter.
class link_pulse {
public:
  explicit link_pulse(std::chrono::milliseconds patience) : patience_(patience) {}

  void connected(bool yes) noexcept {
    connected_ = yes;
    proven_ = false;
    asked_.reset();
  }

  /// A round trip is due; false when one is under way already.
  [[nodiscard]] bool asked(core::steady_time now) noexcept {
    if (asked_)
      return false;
    asked_ = now;
    return true;
  }

  /// One came back.
  void answered() noexcept {
    asked_.reset();
    proven_ = connected_;
  }

  [[nodiscard]] bool connected() const noexcept { return connected_; }

  [[nodiscard]] bool stalled(core::steady_time now) const noexcept {
    return connected_ && asked_ && now - *asked_ > patience_;
  }

  /// Connected, and a round trip has shown that messages come back.
  [[nodiscard]] bool up(core::steady_time now) const noexcept { return proven_ && !stalled(now); }

private:
  std::chrono::milliseconds patience_;
  std::optional<core::steady_time> asked_;
  bool connected_ = false;
  bool proven_ = false;
};

/// Somebody who waits until the server has what was sent before a round trip.
struct awaited_round_trip {
  std::uint64_t number = 0;
  bool again = false; ///< the second one: what the server does not permit is known by then
  caf::typed_response_promise<bool> confirmed;
};

struct nats_link_state {
  static inline const char* name = "nats-link";

  nats_link_settings settings;
  std::shared_ptr<messaging::connection> connection;
  std::unique_ptr<messaging::subscription> probe; ///< after the connection, so that it goes before it
  std::optional<link_pulse> pulse;
  std::vector<nats_user_actor> users;
  health_actor health;
  std::uint64_t probes = 0;
  std::vector<awaited_round_trip> awaited; ///< in no order
  std::string why_down;
  std::optional<core::backoff> reopen;
  core::steady_time next_open{};
  std::uint64_t generation = 0; ///< of the connection: what an older one says does not count
  bool was_up = false;
  bool met = false;
};

/// To be spawned detached: opening a connection blocks. Keeps the connection for ever: losing NATS is a state, not a
/// failure. A connection that this actor lets go of lives on until the last answer has left through it.
nats_link_actor::behavior_type nats_link(nats_link_actor::stateful_pointer<nats_link_state> self,
                                         nats_link_settings settings, health_actor health);

} // namespace cm::actors
