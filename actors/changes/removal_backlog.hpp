// The unregistered endpoints whose tokens are still to be deleted: bounded, without duplicates. A plain class that the
// subscription's thread fills and the endpoint remover empties.
#pragma once

#include <atomic>
#include <chrono>
#include <condition_variable>
#include <cstddef>
#include <cstdint>
#include <deque>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <unordered_map>
#include <unordered_set>
#include <vector>

namespace cm::actors {

/// An endpoint whose tokens are to be deleted.
struct endpoint_removal {
  std::string endpoint_id;
  std::string correlation_id; ///< of the event that said so

  friend bool operator==(const endpoint_removal&, const endpoint_removal&) = default;
};

/// What the backlog may hold. Together with what the NATS library may hold of the same events, 64 MiB at the most
/// (root_messaging.cpp), it leaves half of a container of 128 MiB to everything else.
struct removal_limits {
  std::size_t endpoints = 200'000; ///< some 180 bytes each, with UUIDs as IDs
  std::size_t bytes = std::size_t{32} * 1024 * 1024;
};

/// Root owns it, and one remover after the other works on it: nobody repeats an event that was lost, so what waits
/// outlives the actor. Thread-safe; nothing is done under its lock but moving strings.
class removal_backlog {
public:
  enum class added : std::uint8_t {
    queued,
    merged, ///< the endpoint waits already; its first correlation ID is kept
    full,   ///< at a limit: not taken
  };

  explicit removal_backlog(removal_limits limits = {}) : limits_(limits) {}

  /// Takes an endpoint in. One that is being worked on is worked on once more afterwards.
  /// @param correlation_id at most 255 bytes
  [[nodiscard]] added add(std::string_view endpoint_id, std::string_view correlation_id);

  /// Blocks until add() would take another endpoint, for `patience` at the most.
  void wait_for_room(std::chrono::milliseconds patience);

  /// The oldest endpoints that wait, at most `max`. They are being worked on from now on: done() or put_back() follows.
  [[nodiscard]] std::vector<endpoint_removal> take(std::size_t max);

  /// The tokens of an endpoint that take() gave are deleted, or never will be.
  void done(const std::string& endpoint_id);

  /// It waits again, before all others. To be called for an endpoint that take() gave.
  void put_back(const std::string& endpoint_id);

  /// The same after an attempt of which the outcome is not known, or that failed.
  void put_back_attempted(const std::string& endpoint_id);

  /// Whether the present attempt, of an endpoint that take() gave, repeats one of put_back_attempted(): not where
  /// another event of the endpoint has come since, which tells of tokens that were made after the lost attempt. Ends
  /// the question.
  [[nodiscard]] bool take_repetition(const std::string& endpoint_id);

  /// The same for all that are being worked on: for the next remover.
  void put_back_all();

  /// True once, until announced() is called: the subscription tells the remover once, not for each endpoint. Any
  /// thread.
  [[nodiscard]] bool needs_announcement() noexcept { return !announced_.exchange(true); }

  /// The remover looks now.
  void announced() noexcept { announced_ = false; }

  /// Endpoints that wait or are being worked on.
  [[nodiscard]] std::size_t size() const noexcept { return count_->load(std::memory_order_acquire); }

  /// Memory that these take, estimated.
  [[nodiscard]] std::size_t bytes() const;

  /// size() for those who only count: it outlives the backlog.
  [[nodiscard]] std::shared_ptr<const std::atomic<std::size_t>> count() const noexcept { return count_; }

private:
  // Both texts in one string: half the memory of two.
  struct entry {
    std::string text;
    std::size_t id_length = 0;

    [[nodiscard]] std::string_view endpoint_id() const noexcept { return std::string_view(text).substr(0, id_length); }

    [[nodiscard]] std::string_view correlation_id() const noexcept { return std::string_view(text).substr(id_length); }
  };

  struct running {
    std::string correlation_id;
    std::optional<std::string> again; ///< correlation ID of an event that came meanwhile
  };

  [[nodiscard]] bool full() const noexcept;
  void count_in(std::size_t text_bytes) noexcept;
  void count_out(std::size_t text_bytes) noexcept;
  void put_back_running(const std::string& endpoint_id, running what);

  removal_limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<entry> waiting_;
  std::unordered_set<std::string_view> index_; ///< the endpoint IDs of `waiting_`, as views into its entries
  std::unordered_map<std::string, running> running_;
  std::unordered_set<std::string> repeated_; ///< of `waiting_` and `running_`: see take_repetition()
  std::size_t bytes_ = 0;
  std::shared_ptr<std::atomic<std::size_t>> count_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<bool> announced_{false};
};

} // namespace cm::actors
