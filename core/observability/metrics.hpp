// All internal metrics of CM. Root owns them, so that the counters of an actor survive its restart and stay monotonic.
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

/// The requests of 16/ECAP, named by the end of their subject.
enum class ecap_protocol : std::uint8_t { ep_token, ep_token_status, client_password, client_certificate };

inline constexpr std::size_t ecap_protocol_count = 4;

/// "ep-token", "ep-token-status", "client-password", "client-certificate".
[[nodiscard]] std::string_view to_string(ecap_protocol protocol) noexcept;

/// Why CM did not remove the tokens of an unregistered endpoint. Its event is not repeated, so the tokens remain.
enum class removal_loss : std::uint8_t {
  overflow, ///< CM's queue of such events was full
  unread,   ///< the NATS library dropped the event before CM read it, so the endpoint is unknown
  failure,  ///< the database rejected the removal permanently
  stop,     ///< the process stopped
};

inline constexpr std::size_t removal_loss_count = 4;

/// "overflow", "unread", "failure", "stop".
[[nodiscard]] std::string_view to_string(removal_loss why) noexcept;

/// The statuses with a counter of their own, those of 16/ECAP first. The last element, 0, counts all other statuses.
inline constexpr std::array<int, 29> counted_statuses{200, 400, 401, 403, 404, 408, 409, 429, 500, 503,
                                                      201, 202, 204, 206, 304, 405, 406, 411, 412, 413,
                                                      414, 415, 417, 428, 431, 501, 504, 505, 0};
inline constexpr std::size_t ecap_status_count = 10;

/// The index of a status in counted_statuses.
[[nodiscard]] std::size_t status_place(int status) noexcept;

/// Durations of the responses of one protocol by status, from the arrival of the request to the publication of the
/// response.
template <class Counter>
using answer_counters = std::array<duration_histogram<Counter>, ecap_status_count>;

/// Written by one token validator.
struct alignas(64) validator_counters {
  counter hits;
  counter misses;
  counter bypassed; ///< the cache was not used, because the revocation feed had a gap
  counter evicted;
  gauge entries;
  gauge bytes;
};

/// The responses of one event loop of the REST port. Its thread writes them.
class alignas(64) http_counters {
public:
  /// The route of a request that matches no route.
  static constexpr std::size_t no_route = std::numeric_limits<std::size_t>::max();

  explicit http_counters(std::size_t routes) : routes_(routes + 1) {}

  /// Counts a response. @param took from the end of the request's header to its response
  void answered(std::size_t route, int status, std::chrono::nanoseconds took, steady_time now) noexcept;

  void add_to(std::size_t status_place, duration_counts& out) const noexcept { by_status_[status_place].add_to(out); }

  /// Number of responses of that route with that status.
  [[nodiscard]] std::uint64_t count(std::size_t route, std::size_t status_place) const noexcept {
    return of(route).counts[status_place].value();
  }

  struct last_response {
    std::uint64_t at_ns = 0; ///< by the steady clock; 0: no response yet
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
  std::vector<per_route> routes_; ///< the last element is for no_route
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

  /// Responses that the egress and the validators publish. The thread that holds the flush lock writes.
  struct alignas(64) egress_counters {
    std::array<answer_counters<counter>, ecap_protocol_count> answered;
    counter lost; ///< responses that the NATS connection did not accept
  } egress;

  /// Responses that are published elsewhere: refusals by the in-flight limiter, and responses for an actor that failed.
  /// Any thread writes, once per batch.
  struct alignas(64) background_counters {
    std::array<answer_counters<shared_counter>, ecap_protocol_count> answered;
    std::array<shared_counter, ecap_protocol_count> without_reply; ///< requests dropped for having no reply subject
    shared_counter lost; ///< responses that could not be made or that the NATS connection did not accept
  } background;

  /// By protocol, the number of requests in flight: pointers to the counts of the in-flight limiters, which the
  /// subscriptions set. Null before the subscription exists.
  std::array<std::atomic<std::shared_ptr<const std::atomic<std::size_t>>>, ecap_protocol_count> in_flight;

  /// The number of unregistered endpoints whose removal is queued or in progress; a pointer likewise.
  std::atomic<std::shared_ptr<const std::atomic<std::size_t>>> unregistered;

  /// Unregistered endpoints whose tokens were not removed, by removal_loss. Any thread writes.
  std::array<shared_counter, removal_loss_count> lost_removals;

  /// The sum of lost_removals.
  [[nodiscard]] std::uint64_t all_lost_removals() const noexcept;

  /// Written by the storage gate, every 50 ms.
  struct alignas(64) database_gauges {
    gauge connections;
    gauge busy;
    gauge waiting_lookups;
    gauge waiting_commands;
    gauge waiting_activations;
    signed_gauge clock_skew_ms; ///< this machine's clock minus the database's; unknown before the first comparison
  } database;

  /// Written by the password pool, every 100 ms.
  struct alignas(64) password_gauges {
    gauge waiting;
    gauge busy;
  } passwords;

  /// Written by the event publisher.
  struct alignas(64) outbox_counters {
    gauge pending;
    gauge oldest_ms; ///< when the oldest pending event was created, Unix ms by this machine's clock; 0: none pending
    counter confirmed;
    counter failures;    ///< attempts to publish a batch that were not confirmed
    counter republished; ///< revocations by other replicas that did not arrive over NATS; the follower writes it
    counter oversized;   ///< attempts to publish an event that does not fit the server's max_payload even in parts
  } outbox;

  struct alignas(64) nats_counters {
    counter connects;            ///< written by the NATS link
    gauge refused_subscriptions; ///< written by root
  } nats;

  /// By actor: the number of restarts, and whether it runs (1 or 0). Written by root.
  named_counters actors;

  /// By subscription: messages that the NATS library dropped because CM was too slow, and messages that are queued in
  /// the library. Each subscription writes its own entry, once a second.
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
