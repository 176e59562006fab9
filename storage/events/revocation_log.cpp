#include "storage/events/revocation_log.hpp"

#include "core/base/try.hpp"
#include "storage/events/event_commands.hpp"

namespace cm::storage {

core::revocation read_revocation(const statement& row) {
  core::revocation read;
  read.sequence = static_cast<std::uint64_t>(row.integer(0));
  read.kind = static_cast<core::revoked_kind>(row.integer(1));
  read.application = row.text(2);
  read.endpoint_id = row.text(3);
  const auto ids = row.bytes(4);
  read.ids.reserve(ids.size() / uuid_size);
  for (std::size_t offset = 0; offset + uuid_size <= ids.size(); offset += uuid_size)
    read.ids.push_back(read_uuid(ids.subspan(offset, uuid_size)));
  read.to = read_optional_status(row, 5);
  read.correlation_id = row.text(6);
  read.at = read_time(row, 7);
  return read;
}

std::string event_insertion(std::string_view sequence) {
  return "INSERT INTO event_outbox (seq, lease_until) VALUES (" + std::string{sequence} + ", "
         + std::string{database_now} + " + " + std::to_string(outbox_lease.count()) + ')';
}

std::vector<std::uint8_t> ids_of(const core::revocation& lost) {
  std::vector<std::uint8_t> ids;
  ids.reserve(lost.ids.size() * uuid_size);
  for (const auto& id : lost.ids)
    ids.insert(ids.end(), id.bytes.begin(), id.bytes.end());
  return ids;
}

void bind_revocation(statement& to, std::size_t first, const core::revocation& lost,
                     std::span<const std::uint8_t> ids) {
  to.bind(first, static_cast<std::int64_t>(lost.kind));
  to.bind(first + 1, lost.application);
  to.bind(first + 2, lost.endpoint_id);
  to.bind(first + 3, ids);
  bind_optional_status(to, first + 4, lost.to);
  to.bind(first + 5, lost.correlation_id);
  bind_time(to, first + 6, lost.at);
}

outcome<void> append_without_event(connection& db, core::revocation& lost) {
  static const std::string text{revocation_insertion};
  const auto ids = ids_of(lost);
  CM_TRY(auto* const insert, db.prepared(text));
  auto& write = *insert;
  bind_revocation(write, 0, lost, ids);
  CM_TRY_VOID(write.execute());
  if (write.affected_rows() != 1)
    return impossible("the table revocation_gate has lost its row");
  lost.sequence = write.last_insert_id();
  return {};
}

namespace {

outcome<void> append_one(connection& db, core::revocation& lost) {
  CM_TRY_VOID(append_without_event(db, lost));
  static const std::string text = event_insertion("?");
  CM_TRY(auto* const event, db.prepared(text));
  event->bind(0, static_cast<std::int64_t>(lost.sequence));
  return event->execute();
}

} // namespace

outcome<void> append_revocations(connection& db, std::span<core::revocation> lost) {
  for (auto& event : lost)
    CM_TRY_VOID(append_one(db, event));
  return {};
}

outcome<std::vector<core::revocation>> revocations_of(connection& db, const change_mark& mark,
                                                      core::revoked_kind kind) {
  // LIMIT: a client may send many requests within a millisecond with the same correlation ID.
  static const std::string text = "SELECT " + std::string{revocation_fields}
                                  + " FROM revocation WHERE at = ? AND correlation_id = ? AND kind = ? ORDER BY seq "
                                    "LIMIT 1000";
  CM_TRY(auto* const select, db.prepared(text, revocation_columns));
  bind_time(*select, 0, mark.at);
  select->bind(1, mark.correlation_id);
  select->bind(2, static_cast<std::int64_t>(kind));
  std::vector<core::revocation> found;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) { found.push_back(read_revocation(row)); }));
  return found;
}

} // namespace cm::storage
