// The classes of work for the database workers. Pure functions.
#pragma once

#include "storage/session/commands.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace cm::actors {

/// What a command is for. Each class has a queue, a bound and a share of the workers of its own, so that no flood in
/// one class delays the others.
enum class work_class : std::uint8_t {
  authentication, ///< look-ups of tokens, usernames and certificates that a device or client waits for
  revocation,     ///< changes that withdraw a credential: a suspension, a revocation, a deletion
  change,         ///< all other changes that somebody waits for
  read,           ///< what operators read
  bulk,           ///< imports and exports
  maintenance,    ///< nobody waits for it: first uses, the outbox, old rows, unregistered endpoints
};

inline constexpr std::size_t work_class_count = 6;

inline constexpr std::array<work_class, work_class_count> work_classes{
  work_class::authentication, work_class::revocation, work_class::change,
  work_class::read,           work_class::bulk,       work_class::maintenance};

[[nodiscard]] constexpr std::size_t index_of(work_class which) noexcept {
  return static_cast<std::size_t>(which);
}

/// The name in metrics and errors, such as "authentication".
[[nodiscard]] std::string_view to_string(work_class which) noexcept;

/// The class of a command. Those of probes and of reads that follow revocations do not matter: they have queues of
/// their own, before all classes.
[[nodiscard]] work_class class_of(const storage::command& command) noexcept;

/// How much memory a waiting command takes, approximately.
[[nodiscard]] std::size_t bytes_of(const storage::command& command) noexcept;

} // namespace cm::actors
