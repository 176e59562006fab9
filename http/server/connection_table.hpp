// The open connections of one port: how many there may be, and which is closed when there are too many.
#pragma once

#include "core/base/time.hpp"
#include "core/observability/counters.hpp"

#include <boost/asio/ip/address.hpp>

#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <unordered_map>
#include <unordered_set>
#include <utility>
#include <vector>

namespace cm::http {

struct connection_limits {
  std::size_t total = 10'000;                                        ///< at least 1
  std::size_t per_address = std::numeric_limits<std::size_t>::max(); ///< at least 1
};

/// What happens to the connections of one port. Any thread may read; the thread of the acceptor writes.
struct connection_counters {
  core::gauge open;
  core::counter closed_idle;     ///< closed because they were idle the longest, in favour of a new connection
  core::counter refused_address; ///< refused because their address has too many
  core::counter accept_errors;   ///< failures of accept(2)
};

/// The place of one connection in the table. The connection says when it waits for a request and when it does not.
class connection_lease {
public:
  /// Sets what ends the connection if it still waits for a request. Before the first waits(). The acceptor's thread
  /// calls it; it must not block or throw.
  void on_evict(std::function<void()> evict) { evict_ = std::move(evict); }

  /// The connection waits for a request from `now` on. Its own thread, as for works().
  void waits(core::steady_time now) noexcept {
    waits_since_.store(now.time_since_epoch().count(), std::memory_order_release);
  }

  /// The header of a request is complete.
  void works() noexcept { waits_since_.store(never, std::memory_order_release); }

private:
  friend class connection_table;
  using ticks = core::steady_time::rep;
  static constexpr ticks never = std::numeric_limits<ticks>::max();

  std::array<unsigned char, 16> network_{};
  std::atomic<ticks> waits_since_{never};
  std::function<void()> evict_;
  bool evicted_ = false; ///< written by the table
};

/// Not thread-safe, but for the leases. Memory is bounded by the number of connections.
///
/// An address may not take all places: beyond `per_address`, its own connection that has waited for a request the
/// longest is closed for the new one. At `total`, that of all addresses. IPv6 addresses count by their first 64 bits,
/// of which one host has all.
class connection_table {
public:
  enum class verdict : std::uint8_t {
    admitted,
    full,            ///< no connection waits for a request: try again later
    address_at_limit ///< the address has too many connections, none of which waits for a request
  };

  explicit connection_table(connection_limits limits) : limits_(limits) {}

  /// Adds a connection if it is admitted. To make room, calls the function of another one's on_evict().
  /// @return the lease, to be passed to remove() when the connection has been closed; null unless admitted
  [[nodiscard]] std::pair<verdict, std::shared_ptr<connection_lease>> add(const boost::asio::ip::address& from,
                                                                          core::steady_time now);

  void remove(const std::shared_ptr<connection_lease>& lease);

  /// From now on every connection is admitted.
  void lift_limits() noexcept { limits_ = {std::numeric_limits<std::size_t>::max()}; }

  /// Closes the connection that has waited the longest, to get its descriptor back. @return false if none waits
  bool evict_one(core::steady_time now);

  [[nodiscard]] std::size_t size() const noexcept { return open_.size(); }

  [[nodiscard]] std::uint64_t evictions() const noexcept { return evictions_; }

private:
  using lease_ptr = std::shared_ptr<connection_lease>;
  using network = std::array<unsigned char, 16>;

  struct network_hash {
    std::size_t operator()(const network& of) const noexcept;
  };

  struct candidate {
    std::weak_ptr<connection_lease> lease;
    connection_lease::ticks since = 0;
  };

  /// Connections that have waited the longest, found by one pass over all of them for many calls.
  struct candidate_list {
    std::vector<candidate> newest_first;
    core::steady_time next_look{}; ///< before it no pass is made: the last one has found none
  };

  [[nodiscard]] static network network_of(const boost::asio::ip::address& address);
  [[nodiscard]] lease_ptr next_candidate(candidate_list& from, const network* only, core::steady_time now);
  void look_for_candidates(candidate_list& into, const network* only);
  [[nodiscard]] bool evict_one_of(const network& which, core::steady_time now);
  bool evict(const lease_ptr& which);

  connection_limits limits_;
  std::unordered_set<lease_ptr> open_;
  std::unordered_map<network, std::size_t, network_hash> by_network_;
  std::size_t leaving_ = 0; ///< evicted, not yet removed
  std::uint64_t evictions_ = 0;
  candidate_list all_;
  candidate_list of_network_;
  network network_{}; ///< of `of_network_`
};

} // namespace cm::http
