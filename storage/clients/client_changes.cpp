// Changes of one client credential: status, password and deletion.
#include "core/base/try.hpp"
#include "storage/clients/client_repository.hpp"
#include "storage/clients/client_row.hpp"
#include "storage/events/status_change.hpp"

namespace cm::storage {

namespace {

class client_rows {
public:
  using row = core::client_credential;

  client_rows(core::client_kind kind, const core::uuid& id) : table_(&table_of(kind)), id_(id) {}

  [[nodiscard]] const std::string& missing() const { return table_->missing; }

  [[nodiscard]] const core::uuid& id() const { return id_; }

  [[nodiscard]] std::string_view name() const { return table_->name; }

  [[nodiscard]] outcome<std::optional<row>> find(connection& db) const {
    static const auto texts = for_each_kind(
      [](const client_table& table) { return "SELECT " + table.fields + " FROM " + table.name + " WHERE id = ?"; });
    return read(db, texts[index_of(table_->kind)]);
  }

  [[nodiscard]] outcome<std::optional<row>> lock(connection& db) const {
    static const auto texts = for_each_kind([](const client_table& table) {
      return "SELECT " + table.fields + " FROM " + table.name + " WHERE id = ? FOR UPDATE";
    });
    return read(db, texts[index_of(table_->kind)]);
  }

  [[nodiscard]] static outcome<std::uint64_t> set_status(connection& db, const row& credential,
                                                         core::credential_status to, core::timestamp at) {
    static const auto texts = for_each_kind([](const client_table& table) {
      return "UPDATE " + table.name + " SET status = ?, updated_at = ? WHERE id = ? AND status = ?";
    });
    CM_TRY(auto* const update, db.prepared(texts[index_of(credential.kind)]));
    update->bind(0, number(to));
    bind_time(*update, 1, at);
    update->bind(2, credential.id.bytes);
    update->bind(3, number(credential.status));
    CM_TRY_VOID(update->execute());
    return update->affected_rows();
  }

  [[nodiscard]] static outcome<std::uint64_t> remove(connection& db, const row& credential) {
    static const auto texts =
      for_each_kind([](const client_table& table) { return "DELETE FROM " + table.name + " WHERE id = ?"; });
    CM_TRY(auto* const erase, db.prepared(texts[index_of(credential.kind)]));
    erase->bind(0, credential.id.bytes);
    CM_TRY_VOID(erase->execute());
    return erase->affected_rows();
  }

  [[nodiscard]] core::revocation lost(const core::uuid& id) const {
    core::revocation lost;
    lost.kind = table_->revoked;
    lost.ids = {id};
    return lost;
  }

  static void set_endpoint(const row& /*credential*/, core::revocation& /*lost*/) {} // it has none

private:
  [[nodiscard]] outcome<std::optional<row>> read(connection& db, const std::string& text) const {
    CM_TRY(auto* const select, db.prepared(text, table_->columns));
    select->bind(0, id_.bytes);
    std::optional<row> credential;
    CM_TRY_VOID(read_rows(*select, [&](const statement& r) { credential = read_client(table_->kind, r); }));
    return credential;
  }

  const client_table* table_;
  core::uuid id_;
};

outcome<void> write_password(connection& db, const set_password& request) {
  static const std::string text = "UPDATE basic_credential SET password_phc = ?, updated_at = ? WHERE id = ?";
  CM_TRY(auto* const update, db.prepared(text));
  update->bind(0, request.password_phc.reveal());
  bind_time(*update, 1, request.at);
  update->bind(2, request.id.bytes);
  return update->execute();
}

} // namespace

outcome<changed_client> apply(connection& db, const change_client_status& request, const attempt& how) {
  CM_TRY(auto&& changed, change_status(db, client_rows{request.kind, request.id}, request.target,
                                       mark_of(request.at, request.origin), request.precondition, how));
  return changed_client{std::move(changed.row), changed.changed, std::move(changed.event)};
}

outcome<deleted_client> apply(connection& db, const delete_client& request) {
  CM_TRY(auto&& event, delete_one(db, client_rows{request.kind, request.id}, mark_of(request.at, request.origin),
                                  request.precondition));
  return deleted_client{std::move(event)};
}

outcome<changed_client> apply(connection& db, const set_password& request, const attempt& how) {
  if (request.password_phc.empty())
    return invalid("not a password's hash");
  const auto mark = mark_of(request.at, request.origin);
  const client_rows table{core::client_kind::basic, request.id};
  CM_TRY(auto&& begun, transaction::begin(db));
  CM_TRY(const auto& locked, table.lock(db));
  if (!locked)
    return make_usable_failure(core::errc::not_found, table.missing());
  auto credential = *locked;
  if (credential.status == core::credential_status::unknown)
    return unknown_status();
  precondition_on<core::client_credential> condition{request.precondition};
  CM_TRY(const auto permitted, permits(db, condition, credential));
  const bool allowed = permitted && credential.status != core::credential_status::revoked;
  // An earlier attempt may have been committed, and another password set since: that one must stay.
  if (how.repeated || !allowed || credential.updated_at == request.at) {
    const auto is_password_change = [](const core::audit_record& r) { return r.from && r.from == r.to; };
    CM_TRY(const auto& earlier, find_change(db, credential.id, mark, is_password_change));
    if (!earlier && !permitted)
      return precondition_failed();
    if (!earlier && !allowed)
      return make_usable_failure(core::errc::conflict, "A credential that is Revoked cannot get a new password");
    if (earlier) {
      CM_TRY_VOID(begun.roll_back());
      return changed_client{std::move(credential), true, {}};
    }
  }
  CM_TRY_VOID(write_password(db, request));
  std::optional<core::revocation> none;
  CM_TRY_VOID(record_and_commit(db, begun, entry_of(credential.id, mark, credential.status, credential.status), none));
  credential.updated_at = request.at;
  return changed_client{std::move(credential), true, {}};
}

outcome<used_clients> apply(connection& db, const rehash_password& request) {
  static const std::string text = "UPDATE basic_credential SET password_phc = ? WHERE id = ? AND password_phc = ?";
  if (request.new_phc.empty())
    return invalid("not a password's hash");
  CM_TRY(auto* const update, db.prepared(text));
  update->bind(0, request.new_phc.reveal());
  update->bind(1, request.id.bytes);
  update->bind(2, request.old_phc.reveal());
  CM_TRY_VOID(update->execute());
  return used_clients{update->affected_rows()};
}

} // namespace cm::storage
