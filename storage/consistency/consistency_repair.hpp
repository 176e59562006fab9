// What `cm doctor --consistency --repair` writes.
#pragma once

#include "storage/consistency/consistency.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cm::storage {

struct repair_result {
  enum class outcome_kind : std::uint8_t {
    repaired,
    vanished, ///< the finding holds no longer: nothing was done
    manual,   ///< nothing that a program may do by itself
  };
  outcome_kind kind = outcome_kind::manual;
  std::string text; ///< what was done, or why nothing, for people
};

/// Repairs one finding, in one transaction. The finding is looked at again under the locks of the credential's row and
/// of its last audit row, so that replicas and other repairs may write meanwhile. A missing revocation gets its row and
/// its outbox row, with the time and the correlation ID of the change: running replicas send the event when the
/// writer's lease of 5 s has passed. An orphan outbox row is deleted. No credential and no audit row is ever written. A
/// lock that is not given is asked for a few times.
///
/// The audit trail does not say what kind a deleted credential was. Where neither an earlier revocation of it nor its
/// audit rows tell, one revocation of an endpoint token (without application and endpoint) and one of a client
/// credential are written: nobody knows the ID but those who let this credential in.
[[nodiscard]] outcome<repair_result> repair(connection& db, const consistency_settings& settings,
                                            const inconsistent_row& found);

} // namespace cm::storage
