// The unregistered endpoints whose tokens CM still has to delete. Bounded, without duplicates. The thread of the NATS
// subscription fills it, the endpoint remover empties it.
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
  std::string correlation_id; ///< of the event that unregistered the endpoint

  friend bool operator==(const endpoint_removal&, const endpoint_removal&) = default;
};

/// Bounds of the backlog. Together with the queue of the NATS library for the same events (root_subscriptions.cpp) it
/// takes at most 64 MiB, half of a container of 128 MiB.
struct removal_limits {
  std::size_t endpoints = 200'000; ///< about 180 bytes each if the IDs are UUIDs
  std::size_t bytes = std::size_t{32} * 1024 * 1024;
};

/// Queue of endpoints, in the order of their events. Root owns it, so that it survives a restart of the remover: the
/// register does not repeat events. take() marks endpoints as in progress; done() removes them, put_back() returns them
/// to the front. Thread-safe; the lock is held for string operations only.
class removal_backlog {
public:
  enum class added : std::uint8_t {
    queued,
    merged, ///< the endpoint is queued already; its first correlation ID is kept
    full,   ///< rejected: a limit is reached
  };

  explicit removal_backlog(removal_limits limits = {}) : limits_(limits) {}

  /// Queues an endpoint. If it is in progress, it is processed once more afterwards.
  /// @param correlation_id at most 255 bytes
  [[nodiscard]] added add(std::string_view endpoint_id, std::string_view correlation_id);

  /// Blocks until the backlog is below its limits, at most for `patience`.
  void wait_for_room(std::chrono::milliseconds patience);

  /// Takes the oldest queued endpoints, at most `max`. They are in progress until done() or put_back().
  [[nodiscard]] std::vector<endpoint_removal> take(std::size_t max);

  /// Finishes an endpoint in progress: its tokens are deleted, or the remover has given up.
  void done(const std::string& endpoint_id);

  /// Returns an endpoint in progress to the front of the queue. No deletion was attempted.
  void put_back(const std::string& endpoint_id);

  /// Like put_back(), after a deletion that failed or whose outcome is unknown: marks the next one as a repetition.
  void put_back_attempted(const std::string& endpoint_id);

  /// Whether the current attempt for an endpoint in progress repeats that of put_back_attempted(). False if another
  /// event of the endpoint has arrived since: then tokens that were created after the lost attempt have to be deleted
  /// too. Clears the mark.
  [[nodiscard]] bool take_repetition(const std::string& endpoint_id);

  /// put_back() for all endpoints in progress, after the remover has ended.
  void put_back_all();

  /// True at the first call after announced(): the subscription notifies the remover once, not for each endpoint. Any
  /// thread.
  [[nodiscard]] bool needs_announcement() noexcept { return !announced_.exchange(true); }

  /// The remover is about to take endpoints: later ones need a new notification.
  void announced() noexcept { announced_ = false; }

  /// Number of endpoints, queued or in progress.
  [[nodiscard]] std::size_t size() const noexcept { return count_->load(std::memory_order_acquire); }

  /// Estimated memory that they take.
  [[nodiscard]] std::size_t bytes() const;

  /// size() as a counter for metrics, which outlives the backlog.
  [[nodiscard]] std::shared_ptr<const std::atomic<std::size_t>> count() const noexcept { return count_; }

private:
  // Both texts are in one string, which takes half the memory of two.
  struct entry {
    std::string text;
    std::size_t id_length = 0;

    [[nodiscard]] std::string_view endpoint_id() const noexcept { return std::string_view(text).substr(0, id_length); }

    [[nodiscard]] std::string_view correlation_id() const noexcept { return std::string_view(text).substr(id_length); }
  };

  struct running {
    std::string correlation_id;
    std::optional<std::string> again; ///< correlation ID of an event that arrived meanwhile
  };

  [[nodiscard]] bool full() const noexcept;
  void count_in(std::size_t text_bytes) noexcept;
  void count_out(std::size_t text_bytes) noexcept;
  void put_back_running(const std::string& endpoint_id, running removal);

  removal_limits limits_;
  mutable std::mutex mutex_;
  std::condition_variable room_;
  std::deque<entry> waiting_;
  std::unordered_set<std::string_view> index_; ///< endpoint IDs of `waiting_`, views into its entries
  std::unordered_map<std::string, running> running_;
  std::unordered_set<std::string> repeated_; ///< subset of `waiting_` and `running_`, see take_repetition()
  std::size_t bytes_ = 0;
  std::shared_ptr<std::atomic<std::size_t>> count_ = std::make_shared<std::atomic<std::size_t>>(0);
  std::atomic<bool> announced_{false};
};

} // namespace cm::actors
