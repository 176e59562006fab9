// One connection to the database and the thread that blocks on it.
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
  storage::newer_schema newer = storage::newer_schema::refused; ///< accepted for a worker that replaces one
  std::optional<core::token_hash> hash_key; ///< fingerprint of the key that tokens are hashed with; none: not checked
  std::shared_ptr<storage::host_choice> hosts; ///< shared by the workers; null: this one chooses by itself
  std::chrono::milliseconds tick{100};         ///< how often a missing connection is looked after
};

struct database_worker_state {
  static inline const char* name = "database-worker";

  std::size_t index = 0;
  worker_listener_actor listener;
  std::unique_ptr<storage::client_thread> thread; ///< before the session, so that it goes after it
  std::unique_ptr<storage::session> session;
  std::optional<core::backoff> backoff;
  core::steady_time next_attempt{};
  std::chrono::milliseconds tick{};
  bool armed = false; ///< a tick is on its way
  bool reported_connected = false;
};

/// To be spawned detached: the client library blocks. Connects by itself, for ever, and reports every change.
database_worker_actor::behavior_type
database_worker(database_worker_actor::stateful_pointer<database_worker_state> self, database_worker_settings settings,
                worker_listener_actor listener);

} // namespace cm::actors
