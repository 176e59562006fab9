// Counts the messages that wait for actors: every hardened actor (hardening.hpp) answers it between two messages.
#pragma once

#include <caf/allowed_unsafe_message_type.hpp>

#include <atomic>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

namespace cm::actors {

/// One census of a fixed number of actors. Each writes its own entry, in its own thread: only the owner of a mailbox
/// may count it. An entry that stays empty belongs to an actor that did not get round to it.
class mailbox_census {
public:
  explicit mailbox_census(std::size_t actors) : waiting_(actors) {
    for (auto& entry : waiting_)
      entry.store(unknown);
  }

  /// Any thread.
  void count(std::size_t index, std::size_t waiting) noexcept {
    if (index < waiting_.size())
      waiting_[index].store(static_cast<std::int64_t>(waiting));
  }

  /// The messages that waited for the actor; empty if it has not answered. Any thread.
  [[nodiscard]] std::optional<std::size_t> waiting(std::size_t index) const noexcept {
    const auto value = index < waiting_.size() ? waiting_[index].load() : unknown;
    return value == unknown ? std::nullopt : std::optional{static_cast<std::size_t>(value)};
  }

private:
  static constexpr std::int64_t unknown = -1;

  std::vector<std::atomic<std::int64_t>> waiting_;
};

using mailbox_census_ptr = std::shared_ptr<mailbox_census>;

/// Asks an actor to count its mailbox, as entry `index` of the census. Sent with high priority, ahead of what waits.
struct mailbox_question {
  mailbox_census_ptr census;
  std::size_t index = 0;
};

} // namespace cm::actors

CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::mailbox_question)
CAF_ALLOW_UNSAFE_MESSAGE_TYPE(cm::actors::mailbox_census_ptr)
