#include "storage/revocation_log.hpp"

#include "storage/event_commands.hpp"

namespace cm::storage {

core::revocation read_revocation(const statement& row) {
  core::revocation read;
  read.sequence = static_cast<std::uint64_t>(row.integer(0));
  read.kind = static_cast<core::revoked_kind>(row.integer(1));
  read.application = row.text(2);
  read.endpoint_id = row.text(3);
  const auto ids = row.bytes(4);
  read.ids.reserve(ids.size() / uuid_size);
  for (std::size_t at = 0; at + uuid_size <= ids.size(); at += uuid_size)
    read.ids.push_back(read_uuid(ids.subspan(at, uuid_size)));
  read.to = read_optional_status(row, 5);
  read.correlation_id = row.text(6);
  read.at = read_time(row, 7);
  return read;
}

const std::string& event_insertion() {
  static const std::string text = "INSERT INTO event_outbox (seq, lease_until) VALUES (?, " + std::string{database_now}
                                  + " + " + std::to_string(outbox_lease.count()) + ')';
  return text;
}

outcome<void> append_without_event(connection& db, core::revocation& lost) {
  // The gate's row is read, and thereby locked, before the number is given.
  static const std::string revocation_text =
    "INSERT INTO revocation (kind, application, endpoint_id, ids, to_status, correlation_id, at) "
    "SELECT ?,?,?,?,?,?,? FROM revocation_gate WHERE id = 1 LOCK IN SHARE MODE";
  std::vector<std::uint8_t> ids;
  ids.reserve(lost.ids.size() * uuid_size);
  for (const auto& id : lost.ids)
    ids.insert(ids.end(), id.bytes.begin(), id.bytes.end());

  const auto insert = db.prepared(revocation_text);
  if (!insert)
    return insert.error();
  auto& write = **insert;
  write.bind(0, static_cast<std::int64_t>(lost.kind));
  write.bind(1, lost.application);
  write.bind(2, lost.endpoint_id);
  write.bind(3, ids);
  bind_optional_status(write, 4, lost.to);
  write.bind(5, lost.correlation_id);
  bind_time(write, 6, lost.at);
  if (auto done = write.execute(); !done)
    return done;
  if (write.affected_rows() != 1)
    return impossible("the table revocation_gate has lost its row");
  lost.sequence = write.last_insert_id();
  return {};
}

namespace {

outcome<void> append_one(connection& db, core::revocation& lost) {
  if (auto appended = append_without_event(db, lost); !appended)
    return appended;
  const auto event = db.prepared(event_insertion());
  if (!event)
    return event.error();
  (*event)->bind(0, static_cast<std::int64_t>(lost.sequence));
  return (*event)->execute();
}

} // namespace

outcome<void> append_revocations(connection& db, std::span<core::revocation> lost) {
  for (auto& one : lost) {
    if (auto appended = append_one(db, one); !appended)
      return appended;
  }
  return {};
}

outcome<std::vector<core::revocation>> revocations_of(connection& db, const change_mark& mark,
                                                      core::revoked_kind kind) {
  // Bounded for clients that give all their requests of a millisecond the same correlation ID.
  static const std::string text = "SELECT " + std::string{revocation_fields}
                                  + " FROM revocation WHERE at = ? AND correlation_id = ? AND kind = ? ORDER BY seq "
                                    "LIMIT 1000";
  const auto select = db.prepared(text, revocation_columns);
  if (!select)
    return select.error();
  bind_time(**select, 0, mark.at);
  (*select)->bind(1, mark.correlation_id);
  (*select)->bind(2, static_cast<std::int64_t>(kind));
  std::vector<core::revocation> found;
  if (auto read = read_rows(**select, [&](const statement& row) { found.push_back(read_revocation(row)); }); !read)
    return read.error();
  return found;
}

} // namespace cm::storage
