// Writing the tables revocation and event_outbox: for the operations that revoke credentials.
#pragma once

#include "core/base/identifiers.hpp"
#include "core/credentials/revocation.hpp"
#include "storage/events/audit.hpp"
#include "storage/events/event_commands.hpp"
#include "storage/sql/connection.hpp"
#include "storage/sql/rows.hpp"

#include <array>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::storage {

/// The columns that read_revocation() reads, in their order.
inline constexpr std::string_view revocation_fields = "seq, kind, application, endpoint_id, ids, to_status, "
                                                      "correlation_id, at";
inline constexpr std::array<column, 8> revocation_columns{{
  integer_column,
  integer_column,
  {column_kind::text, core::max_identifier_length},
  {column_kind::text, core::max_identifier_length},
  {column_kind::binary, max_event_ids* uuid_size},
  integer_column,
  {column_kind::text, varchar_bytes},
  integer_column,
}};

[[nodiscard]] core::revocation read_revocation(const statement& row);

/// SQL text that inserts a revocation; bind_revocation() binds its parameters. It reads, and thereby locks, the row of
/// revocation_gate before the server assigns the sequence number.
inline constexpr std::string_view revocation_insertion =
  "INSERT INTO revocation (kind, application, endpoint_id, ids, to_status, correlation_id, at) "
  "SELECT ?,?,?,?,?,?,? FROM revocation_gate WHERE id = 1 LOCK IN SHARE MODE";

/// The value of the column `ids`.
[[nodiscard]] std::vector<std::uint8_t> ids_of(const core::revocation& lost);

/// Binds the parameters of revocation_insertion, starting at index `first`. `lost` and `ids` must live until the
/// statement has been executed.
void bind_revocation(statement& to, std::size_t first, const core::revocation& lost, std::span<const std::uint8_t> ids);

/// Writes a revocation in the caller's transaction and sets its sequence number. The caller has to insert the event.
/// From this call on the transaction holds a shared lock on revocation_gate and must not wait for other locks: only the
/// event, an audit row and the commit may follow.
[[nodiscard]] outcome<void> append_without_event(connection& db, core::revocation& lost);

/// SQL text that inserts the event of a revocation into the outbox.
/// @param sequence SQL expression of its sequence number
[[nodiscard]] std::string event_insertion(std::string_view sequence);

/// Writes revocations with their events in the caller's transaction and sets their sequence numbers. Only the commit
/// may follow: from this call on the transaction holds a shared lock on revocation_gate and must not wait for other
/// locks.
[[nodiscard]] outcome<void> append_revocations(connection& db, std::span<core::revocation> lost);

/// The revocations of one kind that an operation has written, oldest first. For a repetition of the operation.
[[nodiscard]] outcome<std::vector<core::revocation>> revocations_of(connection& db, const change_mark& mark,
                                                                    core::revoked_kind kind);

} // namespace cm::storage
