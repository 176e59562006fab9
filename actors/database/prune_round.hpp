// Which audit rows the housekeeper looks at next.
#pragma once

#include "storage/events/event_commands.hpp"

#include <algorithm>
#include <cstdint>

namespace cm::actors {

/// A round looks at the beginning of the audit trail, where the old rows normally are, and then goes one command on in
/// a slow walk through the whole trail. Both go on while there are old rows. So old rows are found behind any number of
/// rows with a time of the future, and a round without old rows costs two commands. A plain class for one thread.
class prune_round {
public:
  /// storage::prune::audit_after of the next command.
  [[nodiscard]] std::uint64_t after() const noexcept { return after_; }

  /// Takes the answer to that command.
  /// @param limit storage::prune::limit of the command
  /// @return whether the round goes on; false: it is over, and after() is where the next one begins
  bool take(const storage::pruned& done, std::uint32_t limit) noexcept {
    after_ = done.audit_next;
    if (!done.audit_end && done.audit_rows > 0)
      return true;
    if (walking_)
      walked_ = done.audit_end ? 0 : done.audit_next;
    else if (!done.audit_end) {
      walking_ = true;
      after_ = std::max(after_, walked_);
      return true;
    }
    end();
    return done.revocations >= limit;
  }

  /// A command failed: the next round begins as usual.
  void end() noexcept {
    walking_ = false;
    after_ = 0;
  }

private:
  std::uint64_t after_ = 0;
  std::uint64_t walked_ = 0; ///< the walk has looked at the rows up to this number
  bool walking_ = false;
};

} // namespace cm::actors
