// What is counted while CM works: numbers that one thread writes and any thread reads, without locks.
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

/// Only rises. One writer at a time (an actor, and after its end its successor), so that adding needs no locked
/// instruction; any readers.
class counter {
public:
  void add(std::uint64_t count) noexcept {
    value_.store(value_.load(std::memory_order_relaxed) + count, std::memory_order_relaxed);
  }

  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// Only rises. Any writers: for what happens seldom, or is added for a whole batch.
class shared_counter {
public:
  void add(std::uint64_t count) noexcept { value_.fetch_add(count, std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// The last value. One writer at a time, any readers.
class gauge {
public:
  void set(std::uint64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }

  [[nodiscard]] std::uint64_t value() const noexcept { return value_.load(std::memory_order_relaxed); }

private:
  std::atomic<std::uint64_t> value_{0};
};

/// The same for what may be negative, or not known yet.
class signed_gauge {
public:
  void set(std::int64_t value) noexcept { value_.store(value, std::memory_order_relaxed); }

  /// Nothing before the first set().
  [[nodiscard]] std::optional<std::int64_t> value() const noexcept {
    const auto value = value_.load(std::memory_order_relaxed);
    return value == unknown ? std::nullopt : std::optional{value};
  }

private:
  static constexpr std::int64_t unknown = std::numeric_limits<std::int64_t>::min();
  std::atomic<std::int64_t> value_{unknown};
};

/// How often something took how long, as read at one moment.
struct duration_counts {
  /// Upper bounds; what takes longer is in the last place of `counts`.
  static constexpr std::array<std::chrono::microseconds, 17> bounds{
    std::chrono::microseconds{50},        std::chrono::microseconds{100},       std::chrono::microseconds{250},
    std::chrono::microseconds{500},       std::chrono::microseconds{1'000},     std::chrono::microseconds{2'500},
    std::chrono::microseconds{5'000},     std::chrono::microseconds{10'000},    std::chrono::microseconds{25'000},
    std::chrono::microseconds{50'000},    std::chrono::microseconds{100'000},   std::chrono::microseconds{250'000},
    std::chrono::microseconds{500'000},   std::chrono::microseconds{1'000'000}, std::chrono::microseconds{2'500'000},
    std::chrono::microseconds{5'000'000}, std::chrono::microseconds{10'000'000}};

  std::array<std::uint64_t, bounds.size() + 1> counts{}; ///< of each range, not cumulative
  std::uint64_t sum_ns = 0;

  [[nodiscard]] std::uint64_t total() const noexcept {
    std::uint64_t out = 0;
    for (const auto one : counts)
      out += one;
    return out;
  }

  duration_counts& operator+=(const duration_counts& other) noexcept {
    for (std::size_t i = 0; i < counts.size(); ++i)
      counts[i] += other.counts[i];
    sum_ns += other.sum_ns;
    return *this;
  }
};

/// @tparam Counter counter where there is one writer, else shared_counter
template <class Counter>
class duration_histogram {
public:
  /// `times` events that took as long as each other. A negative duration counts as none.
  void observe(std::chrono::nanoseconds each, std::uint64_t times) noexcept {
    each = std::max(each, std::chrono::nanoseconds{0});
    const auto at = std::lower_bound(duration_counts::bounds.begin(), duration_counts::bounds.end(), each);
    counts_[static_cast<std::size_t>(at - duration_counts::bounds.begin())].add(times);
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

/// Counters by name. One thread adds to the list, which only grows; any thread reads it.
class named_counters {
public:
  struct entry {
    std::string name;
    counter total; ///< the writer is whoever the entry was made for
    gauge present; ///< likewise
  };

  using list = std::vector<std::shared_ptr<entry>>;

  /// The entry of that name, new or known.
  [[nodiscard]] std::shared_ptr<entry> get(const std::string& name) {
    const auto present = list_.load();
    for (const auto& one : *present) {
      if (one->name == name)
        return one;
    }
    auto longer = std::make_shared<list>(*present);
    auto made = std::make_shared<entry>();
    made->name = name;
    longer->push_back(made);
    list_.store(std::move(longer));
    return made;
  }

  [[nodiscard]] std::shared_ptr<const list> read() const { return list_.load(); }

private:
  std::atomic<std::shared_ptr<const list>> list_{std::make_shared<const list>()};
};

} // namespace cm::core
