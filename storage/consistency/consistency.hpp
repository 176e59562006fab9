// Whether the tables of a database tell the same story: credentials, their audit trail, revocations, outbox. For
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
  missing_revocation, ///< revoked, suspended or deleted, and consumers were never told
  status_mismatch,    ///< the row has another status than its last audit row says
  missing_row,        ///< no row, though the last audit row is no deletion
  unknown_status,     ///< the row's status is NULL or none that CM knows
  missing_audit,      ///< a row without audit rows
  orphan_event,       ///< an outbox row without its revocation
  stuck_event,        ///< an outbox row that no replica has claimed for an hour
};

/// "missing-revocation" and so on, for programs.
[[nodiscard]] std::string_view to_string(inconsistency kind) noexcept;

/// A lease that has passed so long ago says that no replica takes care of the event.
inline constexpr std::chrono::milliseconds stuck_after{std::chrono::hours{1}};

/// One finding. Holds no secret.
struct inconsistent_row {
  inconsistency kind{};
  std::string table;                    ///< where to look
  std::string id;                       ///< of the credential, or the number of the outbox row
  std::string text;                     ///< what is wrong, for people
  std::optional<core::timestamp> since; ///< as the rows tell; nothing where they do not
};

struct consistency_settings {
  std::chrono::milliseconds audit_retention{};       ///< what is older may have been deleted; by the database's clock
  std::chrono::milliseconds revocations_retention{}; ///< likewise
  std::uint32_t page = 1000;                         ///< rows that are read at once, 1 to max_page
};

/// What was looked through.
struct consistency_progress {
  std::string_view table;
  std::uint64_t rows = 0; ///< of this table, so far
};

/// Called by the check on its own thread, and must not use its connection, except by repair() from `found`.
struct consistency_listener {
  std::function<outcome<void>(const inconsistent_row&)> found; ///< an error ends the check
  std::function<void(const consistency_progress&)> progressed; ///< after every page; may be empty
};

/// Looks through all credentials and the outbox in pages, in bounded memory, without locks. Each page is read by one
/// statement, hence at one moment: what replicas write meanwhile makes no finding. Blocking.
[[nodiscard]] outcome<void> check_consistency(connection& db, const consistency_settings& settings,
                                              const consistency_listener& listener);

} // namespace cm::storage
