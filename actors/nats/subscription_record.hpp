// What root knows of one subscription: whether the NATS server has it, or does not permit it.
#pragma once

#include <cstdint>
#include <utility>

namespace cm::actors {

/// A plain class. The word of a subscription comes from its actor, that of a refusal from the library's thread: either
/// may be first. Numbers name the subscriptions that the actors make one after the other; what is said of an older one
/// does not count.
class subscription_record {
public:
  /// What is to be done.
  enum class task : std::uint8_t {
    none,
    confirm, ///< ask the server whether it has it
    retry,   ///< it is refused already: have it made again, later
  };

  /// Its actor is spawned, perhaps not for the first time.
  /// @return what the numbers of that actor begin behind
  [[nodiscard]] std::uint64_t spawned() noexcept {
    number_ = 0;
    confirmed_ = false;
    refused_before_ = false;
    return ++actors_ << 32U;
  }

  /// The one with that number was made.
  [[nodiscard]] task made(std::uint64_t number) noexcept {
    if (number >> 32U != actors_)
      return task::none; // of an actor that is gone
    confirmed_ = false;
    const bool refused = std::exchange(refused_before_, false);
    number_ = refused ? 0 : number;
    return refused ? task::retry : task::confirm;
  }

  /// There is none; that number was the last.
  void ended(std::uint64_t number) noexcept {
    if (number >> 32U != actors_)
      return;
    confirmed_ = false;
    number_ = 0;
  }

  /// The server does not permit it.
  /// @return the number of the one to be made again later; 0 where that is not known yet (made says so then)
  [[nodiscard]] std::uint64_t refused() noexcept {
    refused_ = true;
    confirmed_ = false;
    const auto number = std::exchange(number_, 0);
    refused_before_ = number == 0; // of the one that its actor has not told of yet
    return number;
  }

  /// The server has the one with that number.
  /// @return whether that is the present one
  [[nodiscard]] bool confirmed(std::uint64_t number) noexcept {
    if (number == 0 || number != number_)
      return false;
    confirmed_ = true;
    refused_ = false;
    return true;
  }

  [[nodiscard]] bool is_confirmed() const noexcept { return confirmed_; }

  /// Since the last time that it was confirmed.
  [[nodiscard]] bool is_refused() const noexcept { return refused_; }

private:
  std::uint64_t actors_ = 0;
  std::uint64_t number_ = 0; ///< of the present one; 0: none
  bool confirmed_ = false;
  bool refused_ = false;
  bool refused_before_ = false;
};

} // namespace cm::actors
