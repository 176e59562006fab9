// How each child of root is spawned. The wiring table (wiring.hpp) calls these functions, at the start and at each
// restart.
#pragma once

#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/http.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/reload.hpp"
#include "actors/interfaces/supervision.hpp"
#include "actors/interfaces/validation.hpp"

#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <cstddef>
#include <string>

namespace cm::actors {

struct root_state;
using root_pointer = root_actor::stateful_pointer<root_state>;

// Every function gets root, the index of the child within its kind, and the handles of the actors that the child needs,
// as the wiring table lists them. It only spawns: root tells the other children about the new handle.

// -- spawn_management.cpp ---------------------------------------------------------------------------------------------

health_actor spawn_health(root_pointer self, std::size_t index);
reloader_actor spawn_reloader(root_pointer self, std::size_t index);
io_loop_actor spawn_management_io(root_pointer self, std::size_t index);
io_loop_actor spawn_api_io(root_pointer self, std::size_t index);
http_listener_actor spawn_management_listener(root_pointer self, std::size_t index, const health_actor& health);
http_listener_actor spawn_agent_listener(root_pointer self, std::size_t index, const health_actor& health);
http_listener_actor spawn_api_listener(root_pointer self, std::size_t index, const storage_gate_actor& gate,
                                       const credential_manager_actor& manager, const password_pool_actor& passwords,
                                       const token_reader_actor& reader);

// -- spawn_changes.cpp ------------------------------------------------------------------------------------------------

storage_gate_actor spawn_storage_gate(root_pointer self, std::size_t index, const health_actor& health);
database_worker_actor spawn_database_worker(root_pointer self, std::size_t index, const storage_gate_actor& gate);
event_publisher_actor spawn_event_publisher(root_pointer self, std::size_t index, const health_actor& health,
                                            const storage_gate_actor& gate);
credential_manager_actor spawn_credential_manager(root_pointer self, std::size_t index, const storage_gate_actor& gate,
                                                  const event_publisher_actor& publisher);
license_actor spawn_license(root_pointer self, std::size_t index, const health_actor& health,
                            const credential_manager_actor& manager);
password_pool_actor spawn_password_pool(root_pointer self, std::size_t index);
password_worker_actor spawn_password_worker(root_pointer self, std::size_t index);
housekeeper_actor spawn_housekeeper(root_pointer self, std::size_t index, const storage_gate_actor& gate);
token_reader_actor spawn_token_reader(root_pointer self, std::size_t index, const storage_gate_actor& gate);

// -- spawn_messaging.cpp ----------------------------------------------------------------------------------------------

nats_link_actor spawn_nats_link(root_pointer self, std::size_t index, const health_actor& health);
nats_egress_actor spawn_nats_egress(root_pointer self, std::size_t index);
token_validator_actor spawn_token_validator(root_pointer self, std::size_t index, const storage_gate_actor& gate,
                                            const nats_egress_actor& egress);
revocation_follower_actor spawn_revocation_follower(root_pointer self, std::size_t index,
                                                    const storage_gate_actor& gate,
                                                    const event_publisher_actor& publisher);
client_validator_actor spawn_client_validator(root_pointer self, std::size_t index, const storage_gate_actor& gate,
                                              const password_pool_actor& passwords, const nats_egress_actor& egress);
token_transitioner_actor spawn_token_transitioner(root_pointer self, std::size_t index,
                                                  const credential_manager_actor& manager,
                                                  const nats_egress_actor& egress);
endpoint_remover_actor spawn_endpoint_remover(root_pointer self, std::size_t index, const storage_gate_actor& gate,
                                              const credential_manager_actor& manager);
tekton_follower_actor spawn_tekton_follower(root_pointer self, std::size_t index);

// -- root_subscriptions.cpp -------------------------------------------------------------------------------------------

nats_subscription_actor spawn_subscription(root_pointer self, std::size_t index);
std::string subscription_name(const root_state& state, std::size_t index);

// -- how many children a kind has (child_counts.cpp) ------------------------------------------------------------------

std::size_t one_child(const root_state& state);
std::size_t agent_listener_count(const root_state& state);  ///< 0 without monitoring agent, otherwise 1
std::size_t tekton_follower_count(const root_state& state); ///< 0 without Tekton, otherwise 1
std::size_t database_worker_count(const root_state& state);
std::size_t password_worker_count(const root_state& state);
std::size_t token_validator_count(const root_state& state);
std::size_t subscription_count(const root_state& state);
std::size_t api_io_count(const root_state& state);

} // namespace cm::actors
