// A latency histogram with log-linear buckets: quantiles of any magnitude within 1 %, in 64 KiB.
#pragma once

#include <algorithm>
#include <bit>
#include <cmath>
#include <cstddef>
#include <cstdint>
#include <vector>

namespace cm::benchmark {

/// Each power of two is divided into 128 buckets of equal width; values below 256 have one bucket each. Not
/// thread-safe.
class latency_histogram {
public:
  void add(std::uint64_t value) noexcept {
    ++buckets_[index_of(value)];
    ++count_;
    max_ = std::max(max_, value);
  }

  void merge(const latency_histogram& other) noexcept {
    for (std::size_t i = 0; i < buckets_.size(); ++i)
      buckets_[i] += other.buckets_[i];
    count_ += other.count_;
    max_ = std::max(max_, other.max_);
  }

  [[nodiscard]] std::uint64_t count() const noexcept { return count_; }

  /// Exact; 0 if there is no value.
  [[nodiscard]] std::uint64_t max() const noexcept { return max_; }

  /// The value of the nearest rank, as the middle of its bucket: an error of at most 0.4 %. 0 if there is no value.
  /// @param fraction 0 to 1
  [[nodiscard]] std::uint64_t quantile(double fraction) const noexcept {
    if (count_ == 0)
      return 0;
    const auto wanted = std::max(1.0, std::ceil(fraction * static_cast<double>(count_)));
    std::uint64_t seen = 0;
    for (std::size_t i = 0; i < buckets_.size(); ++i) {
      seen += buckets_[i];
      if (static_cast<double>(seen) >= wanted)
        return std::min(middle_of(i), max_);
    }
    return max_;
  }

private:
  static constexpr unsigned sub_bits = 7;
  static constexpr std::uint64_t sub_buckets = std::uint64_t{1} << sub_bits;

  static std::size_t index_of(std::uint64_t value) noexcept {
    if (value < 2 * sub_buckets)
      return static_cast<std::size_t>(value);
    const auto shift = static_cast<unsigned>(std::bit_width(value)) - 1U - sub_bits;
    return static_cast<std::size_t>(shift * sub_buckets + (value >> shift));
  }

  static std::uint64_t middle_of(std::size_t index) noexcept {
    if (index < 2 * sub_buckets)
      return index;
    const auto shift = static_cast<unsigned>(index / sub_buckets) - 1U;
    const auto low = (index - shift * sub_buckets) << shift;
    return low + ((std::uint64_t{1} << shift) >> 1U);
  }

  std::vector<std::uint64_t> buckets_ = std::vector<std::uint64_t>((65 - sub_bits) * sub_buckets);
  std::uint64_t count_ = 0;
  std::uint64_t max_ = 0;
};

} // namespace cm::benchmark
