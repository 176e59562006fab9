// The root supervisor: spawns all other actors in order, restarts those that fail, and stops them in order.
#pragma once

#include "actors/changes/credential_manager.hpp"
#include "actors/changes/removal_backlog.hpp"
#include "actors/health/license_check.hpp"
#include "actors/http/http_listener.hpp"
#include "actors/http/http_session.hpp"
#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/supervision.hpp"
#include "actors/interfaces/validation.hpp"
#include "actors/nats/nats_subscription.hpp"
#include "actors/nats/path_proof.hpp"
#include "actors/nats/reply_writer.hpp"
#include "actors/nats/revocation_feed.hpp"
#include "actors/nats/subscription_record.hpp"
#include "actors/runtime/io_loop.hpp"
#include "actors/runtime/supervision.hpp"
#include "actors/supervision/service_metrics.hpp"
#include "actors/supervision/wiring.hpp"
#include "core/base/replaceable_secret.hpp"
#include "core/configuration/configuration.hpp"
#include "core/configuration/settings.hpp"
#include "core/credentials/token_key.hpp"
#include "core/memory/byte_budget.hpp"
#include "core/observability/logging.hpp"
#include "storage/sql/host_choice.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <functional>
#include <memory>
#include <string>
#include <vector>

namespace cm::actors {

struct root_settings {
  core::settings settings;
  core::service_info info;
  license_check_settings license;
  supervision_settings supervision;
  std::shared_ptr<service_metrics> metrics; ///< of all actors; each gets its own component's
  io_context_ptr management_io;
  std::vector<io_context_ptr> api_io; ///< at least one; the first one accepts connections
  http::connection_limits api_connections;
  std::shared_ptr<http::bound_port> api_port;               ///< bound already; listens when CM serves
  std::shared_ptr<http::acceptor> management_acceptor;      ///< open already, so that probes can observe the start
  std::shared_ptr<http::acceptor> agent_acceptor;           ///< open already; null without monitoring agent
  std::shared_ptr<core::replaceable_secret> agent_password; ///< null without monitoring agent
  core::configuration::environment variables;               ///< of the start, for reloads
  std::function<void(int exit_status)> on_stop;             ///< called once, when the orderly stop begins
};

struct child_row;

/// One child of the root.
struct root_child {
  const child_row* row;
  std::size_t index; ///< within its kind
  std::string name;
  child_record record;
  caf::actor handle; ///< the only strong reference; null while it does not run
  std::shared_ptr<core::named_counters::entry> counters;
};

/// One subscription, and the receivers of its deliveries.
struct root_subscription {
  std::string name;
  nats_subscription_settings settings;
  std::function<forwarder_ptr()> make_forwarder; ///< makes a forwarder to the current handles

  [[nodiscard]] const std::string& subject() const noexcept { return settings.subject; }

  /// It receives requests: CM is not ready without it.
  [[nodiscard]] bool answers() const noexcept { return settings.protocol.has_value(); }

  subscription_record record;
};

struct root_state {
  static inline const char* name = "root";

  enum class phase : std::uint8_t { starting, serving, stopping };

  root_settings settings;
  phase now = phase::starting;
  std::vector<std::unique_ptr<root_child>> children;
  bool storage_met = false;
  bool nats_met = false;
  bool ready = false;                        ///< last value sent to health
  std::vector<std::string> refused_subjects; ///< last value sent to health

  bool reloading = false;    ///< the reloader is at work
  bool reload_again = false; ///< a reload was requested meanwhile

  child_handles handles; ///< to pass to other children
  std::vector<root_subscription> subscriptions;
  std::shared_ptr<storage::host_choice> database_hosts =
    std::make_shared<storage::host_choice>(); ///< shared by the workers
  std::shared_ptr<http::acceptor> api_acceptor;
  std::shared_ptr<const api_context> api; ///< of the sessions of the REST port
  application_directory_ptr applications;
  std::shared_ptr<const core::token_keyer> keyer;
  std::shared_ptr<removal_backlog> removals;        ///< unregistered endpoints
  std::vector<watched_decoder> decoders;            ///< of requests
  std::string self_test_subject;                    ///< of the test requests
  forwarder_ptr invalidate;                         ///< to the token validators and the revocation follower
  std::shared_ptr<revocation_feed> token_feed;      ///< events of revoked tokens
  std::shared_ptr<revocation_feed> client_feed;     ///< events of revoked client credentials
  std::shared_ptr<core::byte_budget> request_bytes; ///< of large requests of 16/ECAP
  std::shared_ptr<reply_writer> writer;             ///< shared by the egress actor and actors that publish directly

  // The orderly stop.
  stop_step step = stop_step::respond;
  core::steady_time stop_deadline{};
  std::vector<caf::actor_addr> awaited; ///< actors whose end the current step waits for
  int exit_status = 0;
};

/// The logger "cm.root". Any thread.
[[nodiscard]] const std::shared_ptr<spdlog::logger>& root_log();

/// The exit reason of root that carries the exit status of the process.
[[nodiscard]] caf::error exit_reason_of(int exit_status);

/// The exit status in root's exit reason. Any other reason means that root itself failed: 69.
[[nodiscard]] int exit_status_of(const caf::error& reason);

/// Event-based. Does nothing until it receives begin_atom. Must not be restarted.
root_actor::behavior_type root(root_pointer self, root_settings settings);

} // namespace cm::actors
