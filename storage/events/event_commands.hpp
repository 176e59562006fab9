// The commands on the outbox, on recent revocations and on old rows, and their replies.
#pragma once

#include "core/base/time.hpp"
#include "core/credentials/revocation.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <vector>

namespace cm::storage {

/// How long an event in the outbox belongs to the replica that wrote or claimed it. After that, any replica may claim
/// it. Measured by the database's clock.
inline constexpr std::chrono::milliseconds outbox_lease{5000};

/// Maximum number of token IDs of one event; it keeps events below the message limit of NATS (1 MiB).
inline constexpr std::size_t max_event_ids = 20'000;

/// Maximum number of events in one claim.
inline constexpr std::uint32_t max_claim = 256;

/// Maximum number of sequence numbers that find_revocations reads.
inline constexpr std::uint32_t max_found_revocations = 10'000;

/// Claims events whose lease has expired, oldest first, for another outbox_lease. Skips rows that another replica is
/// claiming concurrently (SKIP LOCKED).
struct claim_events {
  std::uint32_t limit = max_claim; ///< 0 to max_claim; 0: only count
};

struct claimed_events {
  std::vector<core::revocation> events;
  std::uint64_t pending = 0;         ///< all events in the outbox, including the claimed ones; counted up to 1,000,000
  std::uint64_t oldest_sequence = 0; ///< of the first event in the outbox; 0 if it is empty
  std::chrono::milliseconds oldest_age{}; ///< of the same event, by the database's clock; never negative
};

/// Deletes events from the outbox after NATS has confirmed them: 0 to max_claim. Ignores unknown ones.
struct confirm_events {
  std::vector<std::uint64_t> sequences;
};

struct confirmed_events {
  std::uint64_t removed = 0;
};

/// Lists revocations after a cursor, by ascending sequence. No row appears later with a lower number than one that was
/// listed.
struct list_revocations {
  std::uint64_t after = 0;
  std::uint32_t limit = 100; ///< 1 to max_page
  /// Bytes of the IDs of all revocations of the page, 16 for each. The first revocation is listed whatever it has.
  std::uint32_t id_bytes = std::uint32_t{256} * 1024;
};

struct revocation_page {
  std::vector<core::revocation> items; ///< none: the end of the list for now
};

/// Reads the sequence numbers of the revocations after a number, without a lock. Numbers are assigned before the
/// commit, so a lower number may become visible later. The caller must check gaps again for as long as a transaction
/// may take.
struct find_revocations {
  std::optional<std::uint64_t> after; ///< empty: only the highest number
  std::uint32_t limit = max_found_revocations;
};

struct found_revocations {
  std::vector<std::uint64_t> sequences; ///< ascending; if there are `limit`, there may be more
};

/// Reads revocations by their numbers, 0 to max_claim. Ignores unknown ones. Reply: revocation_page.
struct get_revocations {
  std::vector<std::uint64_t> sequences;
};

/// Maximum number of windows (of `limit` rows each) of the audit trail that one prune examines.
inline constexpr std::uint32_t max_prune_windows = 8;

/// Deletes audit rows, and revocations that are no longer in the outbox, that are older than their retention by the
/// database's clock; a bounded number per command. The audit trail has no index on the time. So prune examines windows
/// of `limit` rows, starting after audit_after, up to the first window that contains an old row. This way, rows with a
/// time in the future do not hide old rows that follow them.
struct prune {
  std::chrono::milliseconds audit_retention{};
  std::chrono::milliseconds revocations_retention{};
  std::uint32_t limit = 1000;    ///< for each of the two tables; 1 to max_page
  std::uint64_t audit_after = 0; ///< examine only audit rows with a higher number
};

/// If `limit` revocations or at least one audit row were deleted, there may be more.
struct pruned {
  std::uint64_t audit_rows = 0;
  std::uint64_t revocations = 0;
  std::uint64_t audit_next = 0; ///< last examined audit row: the audit_after of the next command
  bool audit_end = false;       ///< there are no audit rows after audit_next
};

} // namespace cm::storage
