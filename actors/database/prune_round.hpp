// The order in which the housekeeper searches the audit trail for old rows.
#pragma once

#include "storage/events/event_commands.hpp"

#include <algorithm>
#include <cstdint>

namespace cm::actors {

/// Rows are numbered in the order of their insertion, so old rows are normally at the beginning of the audit trail. A
/// round first searches there. It then continues a slow scan of the whole trail by one command: that finds old rows
/// behind rows with a timestamp in the future. Each of the two parts continues as long as it finds old rows. A round
/// without old rows costs two commands. A plain class. Not thread-safe.
class prune_round {
public:
  /// storage::prune::audit_after of the next command.
  [[nodiscard]] std::uint64_t after() const noexcept { return after_; }

  /// The command was answered.
  /// @param limit storage::prune::limit of the command
  /// @return whether another command of this round must follow; false: the round is over
  bool take(const storage::pruned& done, std::uint32_t limit) noexcept {
    after_ = done.audit_next;
    if (!done.audit_end && done.audit_rows > 0)
      return true;
    if (scanning_)
      scanned_ = done.audit_end ? 0 : done.audit_next;
    else if (!done.audit_end) {
      scanning_ = true;
      after_ = std::max(after_, scanned_);
      return true;
    }
    end();
    return done.revocations >= limit;
  }

  /// Ends the round, for example because a command failed: after() is where the next round begins.
  void end() noexcept {
    scanning_ = false;
    after_ = 0;
  }

private:
  std::uint64_t after_ = 0;
  std::uint64_t scanned_ = 0; ///< the scan has searched the rows up to this number
  bool scanning_ = false;     ///< the round has reached the scan
};

} // namespace cm::actors
