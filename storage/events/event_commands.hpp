// What storage can be asked about the outbox, the revocations of the last days, and old rows.
#pragma once

#include "core/base/time.hpp"
#include "core/credentials/revocation.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cm::storage {

/// An event in the outbox belongs for so long to the replica that wrote or claimed it; after that, any replica may
/// claim it. Measured by the clock of the database.
inline constexpr std::chrono::milliseconds outbox_lease{5000};

/// Most token IDs of one event: an event stays below the message limit of NATS (1 MiB).
inline constexpr std::size_t max_event_ids = 20'000;

/// Most events that are claimed at once.
inline constexpr std::uint32_t max_claim = 256;

/// Most numbers of revocations that are read at once.
inline constexpr std::uint32_t max_found_revocations = 10'000;

/// Takes events over of which the lease has passed, oldest first, for another outbox_lease. Rows that another replica
/// is taking at this moment are passed over (SKIP LOCKED).
struct claim_events {
  std::uint32_t limit = max_claim; ///< 0: only count
};

struct claimed_events {
  std::vector<core::revocation> events;
  std::uint64_t pending = 0;              ///< all that are in the outbox, those included
  std::uint64_t oldest_sequence = 0;      ///< of the first of them; 0 where there is none
  std::chrono::milliseconds oldest_age{}; ///< since its revocation, by the database's clock; 0 for one of the future
};

/// Takes events out of the outbox: NATS has confirmed them. Unknown ones are passed over. 0 to max_claim.
struct confirm_events {
  std::vector<std::uint64_t> sequences;
};

struct confirmed_events {
  std::uint64_t removed = 0;
};

/// Revocations behind a cursor by rising sequence. No row with a lower number than one that was shown appears later.
struct list_revocations {
  std::uint64_t after = 0;
  std::uint32_t limit = 100; ///< 1 to max_page
};

struct revocation_page {
  std::vector<core::revocation> items; ///< fewer than `limit`: there are no more at present
};

/// Reads which revocations there are behind a number, without a lock. Numbers are given before the commit, so a lower
/// one may become visible later: what is missing has to be looked for again for as long as a transaction may take.
struct find_revocations {
  std::optional<std::uint64_t> after; ///< nothing: only the highest number there is
  std::uint32_t limit = max_found_revocations;
};

struct found_revocations {
  std::vector<std::uint64_t> sequences; ///< rising; `limit` of them: there may be more
};

/// Reads revocations by their numbers, 0 to max_claim; answered with a revocation_page. Unknown ones are passed over.
struct get_revocations {
  std::vector<std::uint64_t> sequences;
};

/// Rows of the audit trail that one prune looks through at most, in multiples of its limit.
inline constexpr std::uint32_t max_prune_windows = 8;

/// Deletes rows of the audit trail and of the revocations (of those only what is out of the outbox) that are older than
/// they are kept, by the database's clock; a bounded number at a time. The audit trail has no index on the time: it is
/// looked through from audit_after on in windows of `limit` rows, up to the first window with an old row, so that rows
/// with a time of the future do not hide the old ones behind them.
struct prune {
  std::chrono::milliseconds audit_retention{};
  std::chrono::milliseconds revocations_retention{};
  std::uint32_t limit = 1000;    ///< of each; 1 to max_page
  std::uint64_t audit_after = 0; ///< looks at audit rows with a higher number only
};

/// `limit` of the revocations, or an audit row: there may be more.
struct pruned {
  std::uint64_t audit_rows = 0;
  std::uint64_t revocations = 0;
  std::uint64_t audit_next = 0; ///< audit rows up to this number were looked at: where the next command may go on
  bool audit_end = false;       ///< there are no audit rows behind audit_next
};

} // namespace cm::storage
