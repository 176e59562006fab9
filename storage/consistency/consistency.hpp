// Checks that the tables of a database agree with each other: credentials, audit trail, revocations and outbox. For
// `cm doctor --consistency`.
#pragma once

#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/revocation.hpp"
#include "storage/sql/connection.hpp"

#include <chrono>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <string_view>

namespace cm::storage {

enum class inconsistency : std::uint8_t {
  missing_revocation, ///< revoked, suspended or deleted, and consumers were never notified
  status_mismatch,    ///< the status of the row differs from that of its last audit row
  missing_row,        ///< there is no row, but the last audit row is not a deletion
  unknown_status,     ///< the row's status is NULL or unknown to CM
  missing_audit,      ///< a row without any audit rows
  orphan_event,       ///< an outbox row without its revocation
  stuck_event,        ///< an outbox row that no replica has claimed for an hour
};

/// The machine-readable name, for example "missing-revocation".
[[nodiscard]] std::string_view to_string(inconsistency kind) noexcept;

/// An event is stuck if its lease expired this long ago: no replica is publishing it.
inline constexpr std::chrono::milliseconds stuck_after{std::chrono::hours{1}};

/// One finding. Contains no secrets.
struct inconsistent_row {
  inconsistency kind{};
  std::string table;                    ///< of the inconsistent row
  std::string id;                       ///< of the credential, or the sequence number of the outbox row
  std::string text;                     ///< human-readable description
  std::optional<core::timestamp> since; ///< time of the change, if the rows contain it
};

struct consistency_settings {
  std::chrono::milliseconds audit_retention{}; ///< older audit rows may have been deleted; by the database's clock
  std::chrono::milliseconds revocations_retention{}; ///< the same for revocations
  std::uint32_t page = 1000;                         ///< rows read per statement, 1 to max_page
};

/// Progress of a check.
struct consistency_progress {
  std::string_view table;
  std::uint64_t rows = 0; ///< rows of this table checked so far
};

/// Callbacks of a check, called on the calling thread. They must not use its connection, except that `found` may call
/// repair().
struct consistency_listener {
  std::function<outcome<void>(const inconsistent_row&)> found; ///< an error ends the check
  std::function<void(const consistency_progress&)> progressed; ///< after every page; may be empty
};

/// Checks all credentials and the outbox page by page, with bounded memory and without locks. Blocking. Each page is
/// read by one statement and is thus a consistent snapshot: concurrent writes of replicas cause no findings.
[[nodiscard]] outcome<void> check_consistency(connection& db, const consistency_settings& settings,
                                              const consistency_listener& listener);

} // namespace cm::storage
