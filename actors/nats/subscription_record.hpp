// The state of one subscription as root tracks it: whether the NATS server has confirmed it, or does not permit it.
#pragma once

#include <cstdint>
#include <utility>

namespace cm::actors {

/// The actor of the subscription reports that it has subscribed; a thread of the library reports a refusal. Either
/// report may arrive first. Each subscribing has a number of its own, across restarts of the actor; reports about an
/// older number are ignored. A plain class. Not thread-safe.
class subscription_record {
public:
  /// What root has to do.
  enum class task : std::uint8_t {
    none,
    confirm, ///< find out whether the server has the subscription
    retry,   ///< it is refused already: make its actor subscribe again, later
  };

  /// The actor was spawned or restarted.
  /// @return the number that precedes the numbers of its subscriptions
  [[nodiscard]] std::uint64_t spawned() noexcept {
    number_ = 0;
    confirmed_ = false;
    refused_before_ = false;
    return ++actors_ << 32U;
  }

  /// The actor has subscribed.
  [[nodiscard]] task made(std::uint64_t number) noexcept {
    if (number >> 32U != actors_)
      return task::none; // a report of an actor that has ended
    confirmed_ = false;
    const bool refused = std::exchange(refused_before_, false);
    number_ = refused ? 0 : number;
    return refused ? task::retry : task::confirm;
  }

  /// The actor has no subscription any more; `number` was its last.
  void ended(std::uint64_t number) noexcept {
    if (number >> 32U != actors_)
      return;
    confirmed_ = false;
    number_ = 0;
  }

  /// The server does not permit the subscription.
  /// @return the number of the subscription to be retried; 0: its actor has not reported it yet, and made() will return
  ///         task::retry then
  [[nodiscard]] std::uint64_t refused() noexcept {
    refused_ = true;
    confirmed_ = false;
    const auto number = std::exchange(number_, 0);
    refused_before_ = number == 0; // the refusal of a subscription that its actor has not reported yet
    return number;
  }

  /// The server has the subscription with this number.
  /// @return whether that is the current subscription
  [[nodiscard]] bool confirmed(std::uint64_t number) noexcept {
    if (number == 0 || number != number_)
      return false;
    confirmed_ = true;
    refused_ = false;
    return true;
  }

  [[nodiscard]] bool is_confirmed() const noexcept { return confirmed_; }

  /// Refused since the last confirmation.
  [[nodiscard]] bool is_refused() const noexcept { return refused_; }

private:
  std::uint64_t actors_ = 0; ///< how often the actor was spawned: the upper half of the numbers
  std::uint64_t number_ = 0; ///< of the current subscription; 0: none
  bool confirmed_ = false;
  bool refused_ = false;
  bool refused_before_ = false; ///< the refusal arrived before the report of the actor
};

} // namespace cm::actors
