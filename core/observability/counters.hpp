// Lock-free counters, gauges and histograms. Any thread may read them at any time.
#pragma once

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cm::core {

/// A monotonic counter with one writer at a time (an actor, then its replacement after a restart), so that add() needs
/// no atomic read-modify-write instruction.
class counter {
public:
  void add(std::uint64_t count) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// A monotonic counter for any number of writers. For rare events, or when add() is called once per batch.
class shared_counter {
public:
  void add(std::uint64_t count) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// The last value that was set. One writer at a time.
class gauge {
public:
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// A gauge whose value may be negative or still unknown. One writer at a time.
class signed_gauge {
public:
  void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }

  /// Empty before the first set().
  [[nodiscard]] std::optional<std::int64_t> value() const noexcept {
    const auto value = value_.load(std::memory_order_relaxed);
    return value == unknown ? std::nullopt : std::optional{value};
  }

private:
  static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> value_{unknown};
};

/// A gauge of a count that its owner keeps anyway, such as the length of a queue.
class linked_gauge {
public:
  /// Shows this count from now on. Any thread.
  void link(std::shared_ptr<const std::atomic<std::size_t>> count) { count_.store(std::move(count)); }

  /// 0 before the first link().
  [[nodiscard]] std::uint64_t value() const {
    const auto count = count_.load();
    return count ? count->load(std::memory_order_relaxed) : 0;
  }

private:
  std::atomic<std::shared_ptr<const std::atomic<std::size_t>>> count_;
};

/// A snapshot of a duration histogram.
struct duration_counts {
  /// Inclusive upper bounds of the buckets. The last element of `counts` has the durations above all bounds.
  static constexpr std::array<std::chrono::microseconds, 17> bounds{
    std::chrono::microseconds{50},        std::chrono::microseconds{100},       std::chrono::microseconds{250},
    std::chrono::microseconds{500},       std::chrono::microseconds{1'000},     std::chrono::microseconds{2'500},
    std::chrono::microseconds{5'000},     std::chrono::microseconds{10'000},    std::chrono::microseconds{25'000},
    std::chrono::microseconds{50'000},    std::chrono::microseconds{100'000},   std::chrono::microseconds{250'000},
    std::chrono::microseconds{500'000},   std::chrono::microseconds{1'000'000}, std::chrono::microseconds{2'500'000},
    std::chrono::microseconds{5'000'000}, std::chrono::microseconds{10'000'000}};

  std::array<std::uint64_t, bounds.size() + 1> counts{}; ///< per bucket, not cumulative
  std::uint64_t sum_ns = 0;

  [[nodiscard]] std::uint64_t total() const noexcept {
    std::uint64_t out = 0;
    for (const auto count : counts)
      out += count;
    return out;
  }

  duration_counts& operator+=(const duration_counts& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i)
      counts[i] += other.counts[i];
    sum_ns += other.sum_ns;
    return *this;
  }
};

/// @tparam Counter counter for a single writer, else shared_counter
template <class Counter>
class duration_histogram {
public:
  /// Adds `times` events of the same duration. A negative duration counts as 0.
  void observe(std::chrono::nanoseconds each, std::uint64_t times) noexcept {
    each = std::max(each, std::chrono::nanoseconds{0});
    const auto bound = std::lower_bound(duration_counts::bounds.begin(), duration_counts::bounds.end(), each);
    counts_[static_cast<std::size_t>(bound - duration_counts::bounds.begin())].add(times);
    sum_ns_.add(static_cast<std::uint64_t>(each.count()) * times);
  }

  void add_to(duration_counts& out) const noexcept {
    for (std::size_t i = 0; i < counts_.size(); ++i)
      out.counts[i] += counts_[i].value();
    out.sum_ns += sum_ns_.value();
  }

private:
  std::array<Counter, duration_counts::bounds.size() + 1> counts_{};
  Counter sum_ns_;
};

/// Counters by name. The list only grows. Only one thread may call get(); any thread may call read().
class named_counters {
public:
  struct entry {
    std::string name;
    counter total; ///< written by the owner of the name only
    gauge present; ///< likewise
  };

  using list = std::vector<std::shared_ptr<entry>>;

  /// Returns the entry with that name; creates it if there is none.
  [[nodiscard]] std::shared_ptr<entry> get(const std::string& name) {
    const auto present = list_.load();
    for (const auto& known : *present) {
      if (known->name == name)
        return known;
    }
    auto longer = std::make_shared<list>(*present);
    auto created = std::make_shared<entry>();
    created->name = name;
    longer->push_back(created);
    list_.store(std::move(longer));
    return created;
  }

  [[nodiscard]] std::shared_ptr<const list> read() const { return list_.load(); }

private:
  std::atomic<std::shared_ptr<const list>> list_{std::make_shared<const list>()};
};

} // namespace cm::core
