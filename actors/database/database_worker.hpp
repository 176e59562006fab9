// The actor that owns one connection to the database; its thread blocks on it.
#pragma once

#include "actors/interfaces/database.hpp"
#include "core/base/backoff.hpp"
#include "core/configuration/settings.hpp"
#include "storage/session/session.hpp"
#include "storage/sql/client_thread.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <chrono>
#include <memory>
#include <optional>

namespace cm::actors {

struct database_worker_settings {
  core::database_settings database;
  std::size_t index = 0;
  storage::newer_schema newer = storage::newer_schema::refused; ///< accepted for a worker that replaces a failed one
  std::optional<core::token_hash> hash_key; ///< fingerprint of the key that tokens are hashed with; absent: not checked
  std::shared_ptr<storage::host_choice> hosts; ///< shared by all workers; null: this worker chooses a host for itself
  std::chrono::milliseconds tick{100};         ///< how often a worker without a connection checks if an attempt is due
};

struct database_worker_state {
  static inline const char* name = "database-worker";

  std::size_t index = 0;
  worker_listener_actor listener;
  std::unique_ptr<storage::client_thread> thread; ///< declared before the session, so it is destroyed after it
  std::unique_ptr<storage::session> session;
  std::optional<core::backoff> backoff;
  core::steady_time next_attempt{};
  std::chrono::milliseconds tick{};
  bool armed = false; ///< a tick message is scheduled
  bool reported_connected = false;
};

/// To be spawned detached: the client library blocks. Connects at the start, retries indefinitely, and reports every
/// change to `listener`.
database_worker_actor::behavior_type
database_worker(database_worker_actor::stateful_pointer<database_worker_state> self, database_worker_settings settings,
                worker_listener_actor listener);

} // namespace cm::actors
