// Which answers are so much alone that they may be sent without the egress.
#pragma once

#include <atomic>
#include <cstddef>

namespace cm::actors {

/// Sending an answer at once saves a hop, and keeps a shared thread for a round trip to NATS meanwhile: worth it with
/// one request in flight, a loss as soon as others come during that time. So an answer counts as alone only where the
/// batches before it were single ones as well, and nobody else was flushing. Any thread.
class lone_answers {
public:
  /// Single batches that have to follow upon a sign of company. By measurement: from 8 to 256 with 16 and 64 requests
  /// in flight the same; from 32 on a lone request's answers take longer (docs/performance.md).
  static constexpr unsigned memory = 8;

  /// To be asked once for each batch, of `size` answers. @return whether it is a lone answer
  [[nodiscard]] bool is_alone(std::size_t size) noexcept {
    if (size != 1) {
      met_others();
      return false;
    }
    // Two threads may both count the same batch: it is no more than a hint.
    const auto left = after_company_.load(std::memory_order_relaxed);
    if (left == 0)
      return true;
    after_company_.store(left - 1, std::memory_order_relaxed);
    return false;
  }

  /// Another was flushing when this one's turn should have come.
  void met_others() noexcept { after_company_.store(memory, std::memory_order_relaxed); }

private:
  std::atomic<unsigned> after_company_{0};
};

} // namespace cm::actors
