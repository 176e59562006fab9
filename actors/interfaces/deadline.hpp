// The deadline of a request: when it is answered at the latest.
#pragma once

#include "core/base/time.hpp"

#include <algorithm>
#include <chrono>
#include <cstdint>

namespace cm::actors {

/// One moment on both clocks.
struct moment {
  core::steady_time steady;
  core::timestamp wall;
};

/// Makes the deadline of a request: one absolute time, made once where the request arrives. Every message that works
/// for the request carries it as `core::steady_time deadline`; no actor starts a time of its own. A value.
class request_deadline {
public:
  /// @param allowed the longest time from arrival to answer
  constexpr request_deadline(core::steady_time arrived, std::chrono::milliseconds allowed) noexcept
    : at_(arrived + allowed) {}

  /// The same, shortened by the `timeout` of a message (contract 4): the answer is of no use after it. 0 shortens
  /// nothing, as in core::is_expired(); a time that has passed already gives a deadline that has passed.
  /// @param created_ms Unix ms, by the sender's clock; compared with the wall clock of `now`
  [[nodiscard]] constexpr request_deadline shortened_by(std::int64_t created_ms, std::int64_t timeout_ms,
                                                        const moment& now) const noexcept {
    if (timeout_ms == 0)
      return *this;
    // Only values below the time that is left matter, so no sum of a hostile message can overflow.
    const auto left = std::chrono::floor<std::chrono::milliseconds>(at_ - now.steady).count();
    const auto unix_now = core::to_unix_ms(now.wall);
    constexpr std::int64_t far = std::int64_t{1} << 60;
    const auto created = std::clamp(created_ms, -far, far);
    const auto timeout = std::clamp(timeout_ms, -far, far);
    const auto own = created + timeout - unix_now;
    auto out = *this;
    if (own < left)
      out.at_ = now.steady + std::chrono::milliseconds{std::max<std::int64_t>(own, 0)};
    return out;
  }

  [[nodiscard]] constexpr core::steady_time at() const noexcept { return at_; }

private:
  core::steady_time at_;
};

/// Every actor answers at the deadline at the latest. The actor that asked waits this much longer, which happens only
/// if it died: those who ask the storage gate, and those who ask the credential manager, which asks the gate.
inline constexpr std::chrono::milliseconds gate_grace{500};
inline constexpr std::chrono::milliseconds manager_grace{1000};

/// The longest times from the arrival of a request to its answer.
inline constexpr std::chrono::milliseconds token_request_bound{2000};
inline constexpr std::chrono::milliseconds other_request_bound{5000}; ///< also those of REST

/// The deadline of a request of 16/ECAP.
template <class Request>
[[nodiscard]] constexpr core::steady_time deadline_of(const Request& request, core::steady_time arrived,
                                                      std::chrono::milliseconds allowed, const moment& now) noexcept {
  return request_deadline{arrived, allowed}.shortened_by(request.timestamp, request.timeout, now).at();
}

} // namespace cm::actors
