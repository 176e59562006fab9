// Whether requests get through: judged by CM's own test requests, and by what the threads of the decoders do.
#pragma once

#include "core/base/time.hpp"

#include <atomic>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace cm::actors {

/// What the decoder of one subscription has done. The library's thread writes, the self-test reads.
struct decoder_progress {
  std::atomic<std::uint64_t> begun{0}; ///< batches
  std::atomic<std::uint64_t> done{0};
};

/// A decoder that the self-test watches.
struct watched_decoder {
  std::string subscription;
  std::shared_ptr<const decoder_progress> progress;
};

struct path_proof_settings {
  std::chrono::milliseconds patience{3000}; ///< without an answer for longer, the path is blocked
  std::chrono::milliseconds late{1000};     ///< two looks that are further apart prove nothing: CM itself did not run
};

/// A plain class: time is a parameter. Not thread-safe.
class path_proof {
public:
  /// @param validators number of token validators, each of which has to answer test requests
  path_proof(path_proof_settings settings, std::size_t validators, std::vector<watched_decoder> decoders)
    : settings_(settings), waiting_(validators), decoders_(decoders.size()), watched_(std::move(decoders)) {}

  /// Test requests were sent to all validators.
  void sent(core::steady_time now) noexcept {
    for (auto& since : waiting_)
      since = since.value_or(now);
  }

  /// That validator has answered a test request.
  void answered(std::size_t validator) noexcept {
    if (validator < waiting_.size())
      waiting_[validator].reset();
  }

  /// NATS is unavailable, so that no answer is expected.
  void suspend() noexcept {
    for (auto& since : waiting_)
      since.reset();
  }

  /// Judges the path. To be called more often than `late`.
  /// @return what is blocked; empty if nothing is
  [[nodiscard]] std::string blocked(core::steady_time now) {
    const bool in_time = looked_ && now - *looked_ <= settings_.late;
    looked_ = now;
    std::string out;
    for (std::size_t i = 0; i < waiting_.size(); ++i) {
      auto& since = waiting_[i];
      if (since && !in_time)
        since = now;
      if (out.empty() && since && now - *since > settings_.patience)
        out = "no answer to a test request by way of token-validator-" + std::to_string(i);
    }
    for (std::size_t i = 0; i < watched_.size(); ++i) {
      if (out.empty() && decoder_blocked(i, now, in_time))
        out = "the decoder of " + watched_[i].subscription + " is blocked";
    }
    return out;
  }

private:
  struct decoding {
    std::uint64_t batch = 0;
    core::steady_time since;
  };

  // Whether the decoder has been at the same batch for longer than the patience.
  [[nodiscard]] bool decoder_blocked(std::size_t index, core::steady_time now, bool in_time) {
    auto& current = decoders_[index];
    const auto& progress = *watched_[index].progress;
    const auto done = progress.done.load(std::memory_order_relaxed);
    const auto begun = progress.begun.load(std::memory_order_relaxed);
    if (begun <= done)
      current.reset();
    else if (!current || current->batch != begun || !in_time)
      current = decoding{begun, now};
    return current && now - current->since > settings_.patience;
  }

  path_proof_settings settings_;
  std::vector<std::optional<core::steady_time>> waiting_; ///< since when the validator owes an answer
  std::vector<std::optional<decoding>> decoders_;
  std::vector<watched_decoder> watched_;
  std::optional<core::steady_time> looked_;
};

} // namespace cm::actors
