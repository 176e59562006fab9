// The tables revocation and event_outbox as the operations that take credentials away write them.
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

/// Inserts a revocation; its parameters are what bind_revocation binds. The gate's row is read, and thereby locked,
/// before the number is given.
inline constexpr std::string_view revocation_insertion =
  "INSERT INTO revocation (kind, application, endpoint_id, ids, to_status, correlation_id, at) "
  "SELECT ?,?,?,?,?,?,? FROM revocation_gate WHERE id = 1 LOCK IN SHARE MODE";

/// The column `ids` of a revocation.
[[nodiscard]] std::vector<std::uint8_t> ids_of(const core::revocation& lost);

/// From parameter `first` on; both must live until the statement was executed.
void bind_revocation(statement& to, std::size_t first, const core::revocation& lost, std::span<const std::uint8_t> ids);

/// Writes a revocation in the caller's transaction and gives it its number; its event is the caller's to insert. To be
/// called last before that, an audit row and the commit: the transaction shares the gate from here on, and must not
/// wait for anybody then.
[[nodiscard]] outcome<void> append_without_event(connection& db, core::revocation& lost);

/// Inserts the event of a revocation, whose number is that SQL expression.
[[nodiscard]] std::string event_insertion(std::string_view sequence);

/// Writes revocations with their events in the caller's transaction and gives them their numbers. To be called last
/// before the commit: the transaction shares the gate from here on, and must not wait for anybody then.
[[nodiscard]] outcome<void> append_revocations(connection& db, std::span<core::revocation> lost);

/// The revocations of one kind that one operation has written, oldest first: for a repetition of it.
[[nodiscard]] outcome<std::vector<core::revocation>> revocations_of(connection& db, const change_mark& mark,
                                                                    core::revoked_kind kind);

} // namespace cm::storage
