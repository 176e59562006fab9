// A bound in bytes on what buffers and queues hold together.
#pragma once

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <utility>

namespace cm::core {

/// The bytes that the buffers of one protocol (HTTP, NATS) may hold: an eighth of the memory budget, and at least 4
/// MiB.
/// @param memory_budget bytes
[[nodiscard]] std::size_t protocol_buffer_bytes(std::size_t memory_budget) noexcept;

/// Counts the bytes that its users hold, up to a limit. Thread safety: any thread may call any function; none blocks,
/// allocates or throws. Use byte_share to hold bytes, so that they are returned whatever happens.
class byte_budget {
public:
  /// @param limit bytes; 0 refuses everything
  explicit byte_budget(std::size_t limit) noexcept : limit_(limit) {}

  byte_budget(const byte_budget&) = delete;
  byte_budget(byte_budget&&) = delete;
  byte_budget& operator=(const byte_budget&) = delete;
  byte_budget& operator=(byte_budget&&) = delete;
  ~byte_budget() = default;

  /// Takes all of the bytes, or none if the limit would be exceeded. A refusal is counted.
  [[nodiscard]] bool try_take(std::size_t bytes) noexcept;

  /// Returns bytes that were taken.
  void give_back(std::size_t bytes) noexcept;

  [[nodiscard]] std::size_t limit() const noexcept { return limit_; }

  [[nodiscard]] std::size_t held() const noexcept { return held_.load(std::memory_order_relaxed); }

  /// Number of refused calls of try_take().
  [[nodiscard]] std::uint64_t refusals() const noexcept { return refusals_.load(std::memory_order_relaxed); }

  /// The most bytes that were held at once since the last call, or since the construction. For one caller, which
  /// decides whether a flood has ended.
  [[nodiscard]] std::size_t take_peak() noexcept;

private:
  std::size_t limit_;
  std::atomic<std::size_t> held_{0};
  std::atomic<std::size_t> peak_{0};
  std::atomic<std::uint64_t> refusals_{0};
};

/// The bytes that one user holds of a budget; the destructor returns them. Movable. One thread at a time.
class byte_share {
public:
  /// Without a budget: nothing is refused.
  byte_share() noexcept = default;

  explicit byte_share(std::shared_ptr<byte_budget> budget) noexcept : budget_(std::move(budget)) {}

  byte_share(byte_share&& other) noexcept : budget_(std::move(other.budget_)), bytes_(std::exchange(other.bytes_, 0)) {}

  byte_share& operator=(byte_share&& other) noexcept {
    if (this != &other) {
      shrink_to(0);
      budget_ = std::move(other.budget_);
      bytes_ = std::exchange(other.bytes_, 0);
    }
    return *this;
  }

  byte_share(const byte_share&) = delete;
  byte_share& operator=(const byte_share&) = delete;

  ~byte_share() { shrink_to(0); }

  /// Makes sure that at least this many bytes are held. Never gives any back.
  /// @return false, without effect, if the budget refuses the difference
  [[nodiscard]] bool grow_to(std::size_t bytes) noexcept;

  /// Gives back what is held beyond this many bytes.
  void shrink_to(std::size_t bytes) noexcept;

  [[nodiscard]] std::size_t bytes() const noexcept { return bytes_; }

private:
  std::shared_ptr<byte_budget> budget_;
  std::size_t bytes_ = 0;
};

} // namespace cm::core
