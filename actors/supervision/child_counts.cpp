// How many children of each kind root has.
#include "actors/supervision/root.hpp"
#include "actors/supervision/spawn.hpp"

namespace cm::actors {

std::size_t one_child(const root_state& /*state*/) {
  return 1;
}

std::size_t agent_listener_count(const root_state& state) {
  return state.settings.agent_acceptor ? 1 : 0;
}

std::size_t tekton_follower_count(const root_state& state) {
  return state.settings.settings.tekton.enabled ? 1 : 0;
}

std::size_t database_worker_count(const root_state& state) {
  return state.settings.settings.database.pool_size;
}

// At most half of the cores: password hashes must not slow down token validation.
std::size_t password_worker_count(const root_state& state) {
  return state.settings.settings.credentials.workers_per_role();
}

std::size_t token_validator_count(const root_state& state) {
  return state.settings.settings.credentials.workers_per_role();
}

std::size_t subscription_count(const root_state& state) {
  return state.subscriptions.size();
}

std::size_t api_io_count(const root_state& state) {
  return state.settings.api_io.size();
}

} // namespace cm::actors
