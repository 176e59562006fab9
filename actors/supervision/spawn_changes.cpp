// Spawns the actors of the database, of changes and events, and the password pool.
#include "actors/changes/credential_manager.hpp"
#include "actors/database/database_worker.hpp"
#include "actors/database/housekeeper.hpp"
#include "actors/database/storage_gate.hpp"
#include "actors/events/event_publisher.hpp"
#include "actors/health/license_check.hpp"
#include "actors/http/token_reader.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/interfaces/supervision.hpp"
#include "actors/interfaces/validation.hpp"
#include "actors/supervision/root.hpp"
#include "actors/supervision/spawn.hpp"
#include "actors/validation/password_pool.hpp"
#include "core/base/exit_status.hpp"
#include "core/credentials/token_hash.hpp"

#include <caf/send.hpp>

#include <memory>
#include <string>
#include <utility>

namespace cm::actors {

storage_gate_actor spawn_storage_gate(root_pointer self, std::size_t /*index*/, const health_actor& health) {
  const auto& state = self->state;
  const auto me = caf::actor_cast<root_actor>(self);
  storage_gate_settings settings;
  settings.dispatcher.workers = state.settings.settings.database.pool_size;
  settings.dispatcher.replica = state.settings.info.replica_id;
  settings.hosts = state.database_hosts;
  settings.metrics = state.settings.metrics->database;
  settings.on_first_contact = [me] { caf::anon_send(me, ready_v, milestone::storage); };
  settings.on_refused_database = [me](const std::string& why) {
    caf::anon_send(
      me, give_up_v,
      std::make_shared<const fatal_problem>(fatal_problem{core::to_int(core::exit_status::configuration), why}));
  };
  return self->spawn(storage_gate, std::move(settings), health);
}

database_worker_actor spawn_database_worker(root_pointer self, std::size_t index, const storage_gate_actor& gate) {
  const auto& state = self->state;
  database_worker_settings settings;
  settings.database = state.settings.settings.database;
  settings.index = index;
  // A running process continues if a newer release migrates the schema, since migrations expand first and contract
  // later. A process that starts refuses a newer schema.
  settings.newer = state.storage_met ? storage::newer_schema::accepted : storage::newer_schema::refused;
  settings.hash_key = core::key_fingerprint(state.settings.settings.credentials.token_hash_key);
  settings.hosts = state.database_hosts;
  return self->spawn<caf::detached>(database_worker, std::move(settings), worker_listener_actor{gate});
}

event_publisher_actor spawn_event_publisher(root_pointer self, std::size_t /*index*/, const health_actor& health,
                                            const storage_gate_actor& gate) {
  const auto& state = self->state;
  event_publisher_settings settings;
  settings.instance = state.settings.settings.instance_name;
  settings.replica_id = state.settings.info.replica_id;
  settings.metrics = state.settings.metrics->outbox;
  settings.writer = state.writer;
  return self->spawn<caf::detached>(event_publisher, std::move(settings), gate, health);
}

credential_manager_actor spawn_credential_manager(root_pointer self, std::size_t /*index*/,
                                                  const storage_gate_actor& gate,
                                                  const event_publisher_actor& publisher) {
  const auto& state = self->state;
  credential_manager_settings settings;
  settings.hash_key = state.settings.settings.credentials.token_hash_key;
  settings.token_length = state.settings.settings.credentials.token_length;
  settings.applications = state.applications;
  auto manager = self->spawn(credential_manager, std::move(settings), gate, publisher);
  if (state.invalidate)
    self->send(manager, peer_v, state.invalidate);
  return manager;
}

license_actor spawn_license(root_pointer self, std::size_t /*index*/, const health_actor& health,
                            const credential_manager_actor& manager) {
  return self->spawn(license_check, self->state.settings.license, health, manager);
}

password_pool_actor spawn_password_pool(root_pointer self, std::size_t /*index*/) {
  password_pool_settings settings;
  settings.workers = password_worker_count(self->state);
  settings.metrics = self->state.settings.metrics->passwords;
  return self->spawn(password_pool, settings);
}

password_worker_actor spawn_password_worker(root_pointer self, std::size_t /*index*/) {
  return self->spawn<caf::detached>(password_worker);
}

housekeeper_actor spawn_housekeeper(root_pointer self, std::size_t /*index*/, const storage_gate_actor& gate) {
  const auto& credentials = self->state.settings.settings.credentials;
  housekeeper_settings settings;
  settings.audit_retention = credentials.audit_retention;
  settings.revocations_retention = credentials.revocations_retention;
  return self->spawn(housekeeper, settings, gate);
}

token_reader_actor spawn_token_reader(root_pointer self, std::size_t /*index*/, const storage_gate_actor& gate) {
  return self->spawn(token_reader, token_reader_settings{}, gate);
}

} // namespace cm::actors
