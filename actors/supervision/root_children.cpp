#include "actors/supervision/root_children.hpp"

#include "actors/changes/removal_losses.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/nats.hpp"
#include "actors/interfaces/validation.hpp"
#include "actors/runtime/fault_injection.hpp"
#include "actors/runtime/hardening.hpp"
#include "actors/supervision/root_subscriptions.hpp"
#include "actors/supervision/wiring.hpp"
#include "core/credentials/token_key.hpp"

#include <boost/asio/post.hpp>
#include <caf/send.hpp>

#include <array>
#include <memory>
#include <utility>
#include <vector>

namespace cm::actors {

namespace {

// -- the messages that carry handles ----------------------------------------------------------------------------------

// The message that tells a child of kind `To` the handle of a child of kind `From`. CAF checks that `To` accepts it.
template <child_kind From, child_kind To>
struct peer_message;

template <child_kind To>
struct peer_message<child_kind::health, To> {
  using type = health_peer;
};

template <child_kind To>
struct peer_message<child_kind::storage_gate, To> {
  using type = storage_gate_peer;
};

template <>
struct peer_message<child_kind::storage_gate, child_kind::database_worker> {
  using type = worker_listener_peer;
};

template <child_kind To>
struct peer_message<child_kind::database_worker, To> {
  using type = database_worker_peer;
};

template <child_kind To>
struct peer_message<child_kind::event_publisher, To> {
  using type = event_publisher_peer;
};

template <>
struct peer_message<child_kind::event_publisher, child_kind::nats_link> {
  using type = nats_user_peer;
};

template <child_kind To>
struct peer_message<child_kind::credential_manager, To> {
  using type = credential_manager_peer;
};

template <child_kind To>
struct peer_message<child_kind::password_pool, To> {
  using type = password_pool_peer;
};

template <child_kind To>
struct peer_message<child_kind::password_worker, To> {
  using type = password_worker_peer;
};

template <child_kind To>
struct peer_message<child_kind::token_reader, To> {
  using type = token_reader_peer;
};

template <child_kind To>
struct peer_message<child_kind::nats_egress, To> {
  using type = nats_egress_peer;
};

template <child_kind To>
struct peer_message<child_kind::revocation_follower, To> {
  using type = revocation_follower_peer;
};

template <>
struct peer_message<child_kind::revocation_follower, child_kind::nats_link> {
  using type = nats_user_peer;
};

template <child_kind To>
struct peer_message<child_kind::subscription, To> {
  using type = nats_user_peer;
};

template <child_kind To>
struct peer_message<child_kind::self_test, To> {
  using type = nats_user_peer;
};

// Whether the receiver is told the index too.
constexpr bool is_told_by_index(child_kind from) {
  return from == child_kind::database_worker || from == child_kind::password_worker;
}

// -- telling ----------------------------------------------------------------------------------------------------------

template <child_kind From, child_kind To>
void tell(root_pointer self, std::size_t index, const handle_of<From>& from, const handle_of<To>& to) {
  using message = typename peer_message<From, To>::type;
  if (!from || !to)
    return;
  if constexpr (is_told_by_index(From))
    self->send(to, peer_v, index, message{from});
  else
    self->send(to, peer_v, message{from});
}

// Tells all children of kind `To` the new handle of a child of kind `From`, if they hold it.
template <child_kind From, child_kind To>
void tell_all(root_pointer self, std::size_t index, const handle_of<From>& from) {
  if constexpr (row_of<To>::holds(From)) {
    for (const auto& to : self->state.handles.all<To>())
      tell<From, To>(self, index, from, to);
  }
}

template <child_kind From, std::size_t... Kinds>
void tell_holders(root_pointer self, std::size_t index, const handle_of<From>& from,
                  std::index_sequence<Kinds...> /*kinds*/) {
  (tell_all<From, static_cast<child_kind>(Kinds)>(self, index, from), ...);
}

template <child_kind From, child_kind To>
void tell_from_all(root_pointer self, const handle_of<To>& to) {
  const auto& known = self->state.handles.all<From>();
  for (std::size_t i = 0; i < known.size(); ++i)
    tell<From, To>(self, i, known[i], to);
}

// Tells a new child of kind `To` the handles that it did not get when it was spawned.
template <child_kind To, child_kind... From>
void tell_the_rest([[maybe_unused]] root_pointer self, [[maybe_unused]] const handle_of<To>& to,
                   learns<From...> /*kinds*/) {
  (tell_from_all<From, To>(self, to), ...);
}

// Makes the forwarder of revoked tokens: to all token validators, and, if the event came over NATS, to the follower.
forwarder_ptr to_invalidate(const root_state& state) {
  return std::make_shared<const forwarder>(
    [validators = state.handles.all<child_kind::token_validator>(),
     follower = state.handles.get<child_kind::revocation_follower>()](const delivery& delivered) {
      const auto* revoked = std::get_if<invalidated_tokens_ptr>(&delivered);
      if (revoked == nullptr)
        return;
      if (!(*revoked)->ids.empty() || (*revoked)->everything) {
        for (const auto& validator : validators)
          caf::anon_send(validator, invalidate_v, *revoked);
      }
      if (!(*revoked)->received.empty())
        caf::anon_send(follower, received_v, *revoked);
    });
}

void renew_forwarders(root_pointer self, receives received) {
  auto& state = self->state;
  if (received == receives::nothing)
    return;
  if (received == receives::invalidations) {
    state.invalidate = to_invalidate(state);
    self->send(state.handles.get<child_kind::credential_manager>(), peer_v, state.invalidate);
    self->send(state.handles.get<child_kind::revocation_follower>(), peer_v, state.invalidate);
  }
  const auto& subscriptions = state.handles.all<child_kind::subscription>();
  for (std::size_t i = 0; i < subscriptions.size(); ++i) {
    if (subscriptions[i])
      self->send(subscriptions[i], peer_v, state.subscriptions[i].make_forwarder());
  }
}

// -- the rows without their types -------------------------------------------------------------------------------------

template <child_kind Kind, child_kind... Needed>
handle_of<Kind> spawn_with(root_pointer self, std::size_t index, needs<Needed...> /*kinds*/) {
  return row_of<Kind>::spawn(self, index, self->state.handles.get<Needed>()...);
}

template <child_kind Kind>
caf::actor start(root_pointer self, std::size_t index) {
  using row = row_of<Kind>;
  auto& own = self->state.handles.all<Kind>();
  own.resize(row::count(self->state));
  own[index] = spawn_with<Kind>(self, index, typename row::needed{});
  const auto handle = own[index];
  tell_the_rest<Kind>(self, handle, typename row::learned{});
  tell_holders<Kind>(self, index, handle, std::make_index_sequence<child_kinds>{});
  renew_forwarders(self, row::received);
  return caf::actor_cast<caf::actor>(handle);
}

template <child_kind Kind>
void drain(root_pointer self, std::size_t index, std::chrono::milliseconds patience, std::function<void()> answered) {
  self->request(self->state.handles.all<Kind>()[index], patience, drain_v)
    .then([answered](bool) { answered(); },
          [answered](const caf::error& problem) {
            root_log()->warn("a step of the stop was not finished: {}", describe_reason(problem));
            answered();
          });
}

template <child_kind Kind>
constexpr child_row make_row() {
  using row = row_of<Kind>;
  child_row made{Kind, row::starts, row::drains, row::ends, row::name, row::count, start<Kind>, nullptr};
  if constexpr (row::drains != stop_step::none)
    made.drain = drain<Kind>;
  return made;
}

template <std::size_t... Kinds>
constexpr std::array<child_row, child_kinds> make_rows(std::index_sequence<Kinds...> /*kinds*/) {
  return {make_row<static_cast<child_kind>(Kinds)>()...};
}

constexpr auto rows = make_rows(std::make_index_sequence<child_kinds>{});

// Shared by the sessions of all successive listeners, since it bounds the threads of imports.
std::shared_ptr<const api_context> make_api_context(const root_settings& settings) {
  auto context = std::make_shared<api_context>();
  auto connection = std::make_shared<http::connection_settings>();
  connection->memory = settings.metrics->http->memory;
  context->connection = std::move(connection);
  context->streams = settings.metrics->http;
  for (std::size_t i = 0; i < settings.api_io.size(); ++i)
    context->loops.push_back({settings.api_io[i].get(), settings.metrics->rest->loop(i)});
  return context;
}

void add_children(root_pointer self, start_phase phase) {
  auto& state = self->state;
  for (const auto& row : rows) {
    const auto count = row.starts == phase ? row.count(state) : 0;
    for (std::size_t i = 0; i < count; ++i) {
      auto name = row.name(state, i);
      auto counters = state.settings.metrics->actors->get(name);
      state.children.push_back(std::make_unique<root_child>(
        root_child{&row, i, std::move(name), child_record{state.settings.supervision}, nullptr, std::move(counters)}));
      start_child(self, state.children.size() - 1);
    }
  }
}

// The event loop that the child runs; null if it does not run one.
io_context_ptr loop_of(const root_state& state, const root_child& child) {
  if (child.row->kind == child_kind::management_io)
    return state.settings.management_io;
  if (child.row->kind == child_kind::api_io)
    return state.settings.api_io[child.index];
  return nullptr;
}

} // namespace

std::span<const child_row> child_rows() {
  return rows;
}

void start_child(root_pointer self, std::size_t index) {
  auto& child = *self->state.children[index];
  child.handle = child.row->start(self, child.index);
  self->monitor(child.handle);
  child.record.started(self->clock().now());
  child.counters->present.set(1);
}

void add_first_children(root_pointer self) {
  auto& state = self->state;
  state.applications = configured_applications(state.settings.settings.credentials.applications);
  state.writer = std::make_shared<reply_writer>(state.settings.metrics->nats);
  state.request_bytes =
    std::make_shared<core::byte_budget>(core::protocol_buffer_bytes(state.settings.settings.buffer_memory_bytes));
  state.keyer = std::make_shared<const core::token_keyer>();
  state.token_feed = std::make_shared<revocation_feed>();
  state.client_feed = std::make_shared<revocation_feed>();
  state.removals = std::make_shared<removal_backlog>();
  state.settings.metrics->removals->unregistered.link(state.removals->count());
  add_children(self, start_phase::first);
}

core::expected<void> add_serving_children(root_pointer self) {
  auto& state = self->state;
  auto accepting = logging_acceptor("the API port");
  accepting.limits = state.settings.api_connections;
  accepting.counters = state.settings.metrics->http->api;
  for (const auto& io : state.settings.api_io)
    accepting.loops.push_back(io->get_executor());
  auto opened =
    http::acceptor::open(*state.settings.api_io.front(), std::move(*state.settings.api_port), std::move(accepting));
  if (opened.has_error())
    return opened.error();
  state.api_acceptor = std::move(*opened);
  state.api = make_api_context(state.settings);
  describe_subscriptions(self);
  add_children(self, start_phase::serving);
  return {};
}

void inject_fault_into(root_pointer self, const root_child& child) {
  // An actor that runs a loop reads no messages meanwhile, so the fault has to be injected into the loop.
  if (const auto loop = loop_of(self->state, child))
    boost::asio::post(*loop, [] { static_cast<void>(inject_fault(fault_request())); });
  else
    self->send_exit(child.handle, fault_request());
}

void take_applications(root_pointer self, application_directory_ptr known) {
  auto& state = self->state;
  state.applications = std::move(known);
  for (const auto& validator : state.handles.all<child_kind::token_validator>())
    self->send(validator, directory_v, state.applications);
  self->send(state.handles.get<child_kind::token_transitioner>(), directory_v, state.applications);
  self->send(state.handles.get<child_kind::credential_manager>(), directory_v, state.applications);
}

void log_unfinished_removals(root_pointer self) {
  constexpr std::size_t batch = 256;
  auto& state = self->state;
  if (!state.removals)
    return;
  removal_losses losses(state.settings.metrics->removals, removal_loss::stop);
  state.removals->put_back_all();
  for (auto left = state.removals->take(batch); !left.empty(); left = state.removals->take(batch)) {
    for (const auto& removal : left)
      losses.add(removal.endpoint_id);
  }
}

} // namespace cm::actors
