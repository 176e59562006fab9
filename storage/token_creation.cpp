// New tokens, one at a time.
#include "core/identifiers.hpp"
#include "storage/audit.hpp"
#include "storage/token_repository.hpp"
#include "storage/token_row.hpp"

namespace cm::storage {

namespace {

outcome<void> insert_token(connection& db, const create_token& request) {
  static const std::string text = "INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, "
                                  "created_at) VALUES (?,?,?,?,?,?)";
  const auto insert = db.prepared(text);
  if (!insert)
    return insert.error();
  auto& write = **insert;
  write.bind(0, request.id.bytes);
  write.bind(1, request.hash);
  write.bind(2, request.application);
  write.bind(3, request.endpoint_id);
  write.bind(4, number(request.status));
  bind_time(write, 5, request.at);
  return write.execute();
}

outcome<void> insert_with_audit(connection& db, const create_token& request) {
  if (auto begun = db.run("START TRANSACTION"); !begun)
    return begun;
  if (auto inserted = insert_token(db, request); !inserted)
    return inserted;
  const auto mark = mark_of(request.at, request.origin);
  const auto entry = entry_of(request.id, mark, std::nullopt, request.status);
  if (auto appended = append_audit(db, {&entry, 1}); !appended)
    return appended;
  return db.run("COMMIT");
}

// After a duplicate key: did an earlier attempt of the same command, whose answer got lost, store the row?
outcome<created_token> created_before(connection& db, const create_token& request, const failure& duplicate) {
  static const std::string text =
    "SELECT " + std::string{token_fields} + ", token_hash FROM endpoint_token WHERE id = ?";
  if (auto ended = db.run("ROLLBACK"); !ended)
    return ended.error();
  const auto select = db.prepared(text, token_and_hash_columns);
  if (!select)
    return select.error();
  (*select)->bind(0, request.id.bytes);
  std::optional<core::endpoint_token> stored;
  bool same = false;
  const auto read = read_rows(**select, [&](const statement& row) {
    const auto hash = row.bytes(token_columns.size());
    same = std::equal(hash.begin(), hash.end(), request.hash.begin(), request.hash.end());
    stored = read_token(row);
  });
  if (!read)
    return read.error();
  if (!stored)
    return make_usable_failure(core::errc::conflict, "The token already exists in the application",
                               duplicate.error.detail);
  if (!same)
    return impossible("the ID belongs to another token");
  return created_token{*std::move(stored)};
}

} // namespace

outcome<created_token> apply(connection& db, const create_token& request) {
  if (!core::is_application_name(request.application))
    return invalid("not an application name");
  if (!core::is_endpoint_id(request.endpoint_id))
    return invalid("not an endpoint ID");
  const auto inserted = insert_with_audit(db, request);
  if (inserted)
    return created_token{{request.id, request.application, request.endpoint_id, request.status, request.at, {}}};
  if (inserted.error().error.code == core::errc::conflict)
    return created_before(db, request, inserted.error());
  return inserted.error();
}

} // namespace cm::storage
