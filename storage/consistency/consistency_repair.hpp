// The repair of inconsistencies: `cm doctor --consistency --repair`.
#pragma once

#include "storage/consistency/consistency.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cm::storage {

struct repair_result {
  enum class outcome_kind : std::uint8_t {
    repaired,
    vanished, ///< the finding is no longer true: nothing was done
    manual,   ///< a person has to decide: see the runbook
  };
  outcome_kind kind = outcome_kind::manual;
  std::string text; ///< human-readable: what was done, or why nothing was
};

/// Repairs one finding in one transaction. Safe while replicas and other repairs write: it checks the finding again
/// after it has locked the credential's row and its last audit row. After a lock time-out or a deadlock it retries, up
/// to four attempts. Blocking.
///
/// A missing revocation: writes the revocation and its outbox row, with the time and the correlation ID of the change.
/// Running replicas publish the event when the writer's lease of 5 s has expired. An orphan outbox row: deletes it.
/// Never writes credentials or audit rows.
///
/// The audit trail does not contain the kind of a deleted credential. If neither an earlier revocation nor the audit
/// rows reveal it, one revocation of an endpoint token (without application and endpoint) and one of a client
/// credential are written. The one of the wrong kind is harmless: only this credential has that ID.
[[nodiscard]] outcome<repair_result> repair(connection& db, const consistency_settings& settings,
                                            const inconsistent_row& found);

} // namespace cm::storage
