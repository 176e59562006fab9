// All that CM counts of itself. Root owns it: what an actor has counted outlives the actor, so that no counter goes
// back when one is restarted.
#pragma once

#include "core/base/time.hpp"
#include "core/observability/counters.hpp"

#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <string_view>
#include <vector>

namespace cm::core {

/// The requests of 16/ECAP, by the end of their subject.
enum class ecap_protocol : std::uint8_t { ep_token, ep_token_status, client_password, client_certificate };

inline constexpr std::size_t ecap_protocol_count = 4;

/// "ep-token", "ep-token-status", "client-password", "client-certificate".
[[nodiscard]] std::string_view to_string(ecap_protocol protocol) noexcept;

/// Why the tokens of an unregistered endpoint stay: nobody repeats its event.
enum class removal_loss : std::uint8_t {
  overflow, ///< more events wait than CM keeps
  unread,   ///< the NATS library dropped the event before CM read it: its endpoint is not known
  failure,  ///< the database refuses for good
  stop,     ///< the process stops
};

inline constexpr std::size_t removal_loss_count = 4;

/// "overflow", "unread", "failure", "stop".
[[nodiscard]] std::string_view to_string(removal_loss why) noexcept;

/// The statuses that are counted apart, those of 16/ECAP first; all others are counted as the last, 0.
inline constexpr std::array<int, 29> counted_statuses{200, 400, 401, 403, 404, 408, 409, 429, 500, 503,
                                                      201, 202, 204, 206, 304, 405, 406, 411, 412, 413,
                                                      414, 415, 417, 428, 431, 501, 504, 505, 0};
inline constexpr std::size_t ecap_status_count = 10;

/// The place of that status in counted_statuses.
[[nodiscard]] std::size_t status_place(int status) noexcept;

/// Answers to requests of one protocol: how long they took, from the arrival of the request to the answer's way out.
template <class Counter>
using answer_counters = std::array<duration_histogram<Counter>, ecap_status_count>;

/// Written by one token validator.
struct alignas(64) validator_counters {
  counter hits;
  counter misses;
  counter bypassed; ///< not looked for, because not all revocations are heard just now
  counter evicted;
  gauge entries;
  gauge bytes;
};

/// Written by the thread of one of the REST port's loops.
class alignas(64) http_counters {
public:
  /// Stands for a request that no route was found for.
  static constexpr std::size_t no_route = std::numeric_limits<std::size_t>::max();

  explicit http_counters(std::size_t routes) : routes_(routes + 1) {}

  /// @param took from the end of the request's header to its response
  void answered(std::size_t route, int status, std::chrono::nanoseconds took, steady_time now) noexcept;

  void add_to(std::size_t status_place, duration_counts& out) const noexcept { by_status_[status_place].add_to(out); }

  /// Responses of that route with that status.
  [[nodiscard]] std::uint64_t count(std::size_t route, std::size_t status_place) const noexcept {
    return of(route).counts[status_place].value();
  }

  struct last_response {
    std::uint64_t at_ns = 0; ///< by the steady clock; 0: there was none
    std::uint64_t took_ns = 0;
  };

  [[nodiscard]] last_response last(std::size_t route) const noexcept {
    return {of(route).last_at_ns.value(), of(route).last_took_ns.value()};
  }

private:
  struct per_route {
    std::array<counter, counted_statuses.size()> counts;
    gauge last_at_ns;
    gauge last_took_ns;
  };

  [[nodiscard]] std::size_t index_of(std::size_t route) const noexcept {
    return route < routes_.size() - 1 ? route : routes_.size() - 1;
  }

  [[nodiscard]] const per_route& of(std::size_t route) const noexcept { return routes_[index_of(route)]; }

  std::array<duration_histogram<counter>, counted_statuses.size()> by_status_;
  std::vector<per_route> routes_; ///< the last is no_route
};

class metrics {
public:
  struct sizes {
    std::size_t validators = 1;
    std::size_t api_loops = 1;
    std::size_t api_routes = 0;
    std::size_t database_pool = 0;
  };

  explicit metrics(const sizes& of);

  /// Answers that the egress and the validators publish; the one whose turn it is to flush writes.
  struct alignas(64) egress_counters {
    std::array<answer_counters<counter>, ecap_protocol_count> answered;
    counter lost; ///< refused by the connection
  } egress;

  /// Answers that go another way: at the door, or for an actor that failed. Any thread writes, once a batch.
  struct alignas(64) background_counters {
    std::array<answer_counters<shared_counter>, ecap_protocol_count> answered;
    std::array<shared_counter, ecap_protocol_count> without_reply; ///< dropped: nobody waits for an answer
  } background;

  /// Requests between their arrival and their answer, of each protocol: the count itself, at the door; null before the
  /// subscription. The subscriptions write the pointers.
  std::array<std::atomic<std::shared_ptr<const std::atomic<std::size_t>>>, ecap_protocol_count> in_flight;

  /// Unregistered endpoints that wait or are worked on; likewise.
  std::atomic<std::shared_ptr<const std::atomic<std::size_t>>> unregistered;

  /// Unregistered endpoints that were lost, by removal_loss. Any thread writes.
  std::array<shared_counter, removal_loss_count> lost_removals;

  /// All of these.
  [[nodiscard]] std::uint64_t all_lost_removals() const noexcept;

  /// Written by the storage gate, every 50 ms.
  struct alignas(64) database_gauges {
    gauge connections;
    gauge busy;
    gauge waiting_lookups;
    gauge waiting_commands;
    gauge waiting_activations;
    signed_gauge clock_skew_ms; ///< this machine's clock less the database's; nothing before the first comparison
  } database;

  /// Written by the password pool, every 100 ms.
  struct alignas(64) password_gauges {
    gauge waiting;
    gauge busy;
  } passwords;

  /// Written by the event publisher.
  struct alignas(64) outbox_counters {
    gauge pending;
    gauge oldest_ms; ///< Unix ms by this machine's clock, since when the oldest event waits; 0: none waits
    counter confirmed;
    counter failures;    ///< attempts to publish a batch that were not confirmed
    counter republished; ///< revocations of others that were not heard over NATS; the follower writes
    counter oversized;   ///< attempts to publish an event that does not fit the server's max_payload even in parts
  } outbox;

  struct alignas(64) nats_counters {
    counter connects;            ///< the NATS link writes
    gauge refused_subscriptions; ///< root writes
  } nats;

  /// By actor: how often it was restarted, and whether it runs. Root writes.
  named_counters actors;

  /// By subscription: messages that it lost for being too slow, and those that wait in the library. Each subscription
  /// writes its own, once a second.
  named_counters subscriptions;

  [[nodiscard]] validator_counters& validator(std::size_t index) noexcept { return *validators_[index]; }

  [[nodiscard]] const std::vector<std::unique_ptr<validator_counters>>& validators() const noexcept {
    return validators_;
  }

  [[nodiscard]] http_counters& api_loop(std::size_t index) noexcept { return *api_loops_[index]; }

  [[nodiscard]] const std::vector<std::unique_ptr<http_counters>>& api_loops() const noexcept { return api_loops_; }

  [[nodiscard]] std::size_t database_pool() const noexcept { return database_pool_; }

private:
  std::vector<std::unique_ptr<validator_counters>> validators_;
  std::vector<std::unique_ptr<http_counters>> api_loops_;
  std::size_t database_pool_;
};

} // namespace cm::core
