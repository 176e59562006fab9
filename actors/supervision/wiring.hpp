// The wiring table: every child of root, how it is spawned, which handles it holds, and its place in start and stop.
#pragma once

#include "actors/supervision/child_kind.hpp"
#include "actors/supervision/spawn.hpp"

#include <algorithm>
#include <cstddef>
#include <string>
#include <string_view>
#include <tuple>
#include <type_traits>
#include <utility>
#include <vector>

namespace cm::actors {

// -- the columns of the table -----------------------------------------------------------------------------------------

/// The kinds whose handles the spawn function gets. The child is also told of their new handles.
template <child_kind... Kinds>
struct needs {};

/// Kinds that start later, or that may have several children: the child is told of their handles by messages alone.
template <child_kind... Kinds>
struct learns {};

/// What the child receives by way of functions that hold its handle, which are made anew when it was restarted.
enum class receives : std::uint8_t {
  nothing,
  deliveries,    ///< what subscriptions deliver
  invalidations, ///< the invalidations of revoked tokens, which subscriptions deliver too
};

/// A string literal as template argument.
template <std::size_t Size>
struct literal {
  char value[Size]{};

  // Implicit, so that the table can be written with plain literals.
  consteval literal(const char (&text)[Size]) { // NOLINT(google-explicit-constructor)
    std::copy_n(text, Size, value);
  }
};

/// The name of the only child of its kind.
template <literal Name>
std::string named(const root_state& /*state*/, std::size_t /*index*/) {
  return Name.value;
}

/// The name of one of several children of its kind: with its index.
template <literal Name>
std::string numbered(const root_state& /*state*/, std::size_t index) {
  return std::string(Name.value) + "-" + std::to_string(index);
}

/// One row of the table.
/// @tparam Name named, numbered, or another function with their signature
/// @tparam Count the number of children of this kind, from the settings
/// @tparam Drains the step of the stop that drains the child
/// @tparam Ends the step of the stop that ends the child
template <child_kind Kind, auto Name, auto Spawn, auto Count, start_phase Starts, stop_step Drains, stop_step Ends,
          class Needs = needs<>, class Learns = learns<>, receives Receives = receives::nothing>
struct child;

template <child_kind Kind, auto Name, auto Spawn, auto Count, start_phase Starts, stop_step Drains, stop_step Ends,
          child_kind... Needs, child_kind... Learns, receives Receives>
struct child<Kind, Name, Spawn, Count, Starts, Drains, Ends, needs<Needs...>, learns<Learns...>, Receives> {
  static_assert(((Needs < Kind) && ...), "a child starts after those whose handles it gets when it is spawned");

  static constexpr auto kind = Kind;
  static constexpr auto name = Name;
  static constexpr auto spawn = Spawn;
  static constexpr auto count = Count;
  static constexpr auto starts = Starts;
  static constexpr auto drains = Drains;
  static constexpr auto ends = Ends;
  static constexpr auto received = Receives;
  using needed = needs<Needs...>;
  using learned = learns<Learns...>;

  /// Whether this child holds the handles of that kind.
  static constexpr bool holds(child_kind other) { return ((Needs == other) || ...) || ((Learns == other) || ...); }
};

/// The rows, and a check that there is one for each kind, in their order.
template <class... Rows>
struct wiring_table {
  static_assert(sizeof...(Rows) == child_kinds, "every child has a row");
  using rows = std::tuple<Rows...>;

  template <std::size_t... Indexes>
  static constexpr bool in_order(std::index_sequence<Indexes...> /*indexes*/) {
    return ((static_cast<std::size_t>(Rows::kind) == Indexes) && ...);
  }

  static_assert(in_order(std::index_sequence_for<Rows...>{}), "the rows stand in the order of child_kind");
};

// -- the table --------------------------------------------------------------------------------------------------------

namespace wiring_names {

using enum child_kind;
using enum start_phase;
using enum stop_step;

// clang-format off
using table = wiring_table<
  // kind, name, spawned by, number of children; started in, drained in, ended in; handles it holds
  child<health, named<"health">, spawn_health, one_child,
    first, none, end_management>,
  child<management_io, named<"management-io">, spawn_management_io, one_child,
    first, none, end_management>,
  child<management_listener, named<"management-listener">, spawn_management_listener, one_child,
    first, drain_management, end_management,
    needs<health>>,
  child<agent_listener, named<"agent-listener">, spawn_agent_listener, agent_listener_count,
    first, drain_management, end_management,
    needs<health>>,
  child<reloader, named<"reloader">, spawn_reloader, one_child,
    first, none, end_requests>,
  child<storage_gate, named<"storage-gate">, spawn_storage_gate, one_child,
    first, write_first_uses, end_changes,
    needs<health>, learns<database_worker>>,
  child<database_worker, numbered<"database-worker">, spawn_database_worker, database_worker_count,
    first, none, end_storage,
    needs<storage_gate>>,
  child<event_publisher, named<"event-publisher">, spawn_event_publisher, one_child,
    first, write_changes, end_requests,
    needs<health, storage_gate>>,
  child<credential_manager, named<"credential-manager">, spawn_credential_manager, one_child,
    first, none, end_changes,
    needs<storage_gate, event_publisher>, learns<revocation_follower>>,
  child<license, named<"license">, spawn_license, one_child,
    first, none, end_changes,
    needs<health, credential_manager>>,
  child<password_pool, named<"password-pool">, spawn_password_pool, one_child,
    first, none, end_changes,
    needs<>, learns<password_worker>>,
  child<password_worker, numbered<"password-worker">, spawn_password_worker, password_worker_count,
    first, none, end_changes>,
  child<housekeeper, named<"housekeeper">, spawn_housekeeper, one_child,
    first, none, end_changes,
    needs<storage_gate>>,
  child<token_reader, named<"token-reader">, spawn_token_reader, one_child,
    first, none, end_requests,
    needs<storage_gate>>,
  child<nats_link, named<"nats-link">, spawn_nats_link, one_child,
    first, none, end_requests,
    needs<health>, learns<event_publisher, revocation_follower, subscription>>,
  child<nats_egress, named<"nats-egress">, spawn_nats_egress, one_child,
    first, publish_replies, end_requests>,
  child<token_validator, numbered<"token-validator">, spawn_token_validator, token_validator_count,
    first, none, end_requests,
    needs<storage_gate, nats_egress>, learns<>, receives::invalidations>,
  child<revocation_follower, named<"revocation-follower">, spawn_revocation_follower, one_child,
    first, none, end_requests,
    needs<storage_gate, event_publisher>, learns<>, receives::invalidations>,
  child<client_validator, named<"client-validator">, spawn_client_validator, one_child,
    first, write_changes, end_requests,
    needs<storage_gate, password_pool, nats_egress>, learns<>, receives::deliveries>,
  child<token_transitioner, named<"token-transitioner">, spawn_token_transitioner, one_child,
    first, none, end_requests,
    needs<credential_manager, nats_egress>, learns<>, receives::deliveries>,
  child<endpoint_remover, named<"endpoint-remover">, spawn_endpoint_remover, one_child,
    first, none, end_requests,
    needs<storage_gate, credential_manager>, learns<>, receives::deliveries>,
  child<tekton_follower, named<"tekton-follower">, spawn_tekton_follower, tekton_follower_count,
    first, none, end_requests,
    needs<>, learns<>, receives::deliveries>,
  child<subscription, subscription_name, spawn_subscription, subscription_count,
    serving, respond, end_requests>,
  child<api_io, numbered<"api-io">, spawn_api_io, api_io_count,
    serving, none, end_storage>,
  child<api_listener, named<"api-listener">, spawn_api_listener, one_child,
    serving, respond, end_requests,
    needs<storage_gate, credential_manager, password_pool, token_reader>>>;
// clang-format on

} // namespace wiring_names

using wiring = wiring_names::table;

// -- what follows from it ---------------------------------------------------------------------------------------------

template <child_kind Kind>
using row_of = std::tuple_element_t<static_cast<std::size_t>(Kind), wiring::rows>;

namespace detail {

template <class Function>
struct returned_by;

template <class Handle, class... Parameters>
struct returned_by<Handle (*)(Parameters...)> {
  using type = Handle;
};

template <class Rows>
struct handles_of_rows;

template <class... Rows>
struct handles_of_rows<std::tuple<Rows...>> {
  using type = std::tuple<std::vector<typename returned_by<std::decay_t<decltype(Rows::spawn)>>::type>...>;
};

} // namespace detail

/// The typed handle of a child.
template <child_kind Kind>
using handle_of = typename detail::returned_by<std::decay_t<decltype(row_of<Kind>::spawn)>>::type;

/// The typed handles of all children.
class child_handles {
public:
  /// Those of one kind, by index. Empty before the first start of that kind; a handle is null before the first start of
  /// its child, and that of a failed child refers to it until its restart.
  template <child_kind Kind>
  [[nodiscard]] std::vector<handle_of<Kind>>& all() noexcept {
    return std::get<static_cast<std::size_t>(Kind)>(handles_);
  }

  template <child_kind Kind>
  [[nodiscard]] const std::vector<handle_of<Kind>>& all() const noexcept {
    return std::get<static_cast<std::size_t>(Kind)>(handles_);
  }

  /// The handle of the only child of its kind; null before its first start.
  template <child_kind Kind>
  [[nodiscard]] handle_of<Kind> get() const noexcept {
    const auto& own = all<Kind>();
    return own.empty() ? handle_of<Kind>{} : own.front();
  }

private:
  typename detail::handles_of_rows<wiring::rows>::type handles_;
};

} // namespace cm::actors
