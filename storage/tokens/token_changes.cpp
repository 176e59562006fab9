// Changes of one token: status and deletion.
#include "core/base/try.hpp"
#include "storage/events/status_change.hpp"
#include "storage/tokens/token_repository.hpp"
#include "storage/tokens/token_row.hpp"

#include <variant>

namespace cm::storage {

namespace {

class token_table {
public:
  using row = core::endpoint_token;

  /// @param endpoint_id the endpoint that it must belong to; empty: any
  token_table(const core::uuid& id, std::optional<std::string_view> endpoint_id) : id_(id), endpoint_id_(endpoint_id) {}

  static std::string_view missing() { return "No such token"; }

  [[nodiscard]] const core::uuid& id() const { return id_; }

  static std::string_view name() { return token_table_name; }

  [[nodiscard]] outcome<std::optional<row>> find(connection& db) const { return read(db, find_text()); }

  [[nodiscard]] outcome<std::optional<row>> lock(connection& db) const {
    static const std::string text = find_text() + " FOR UPDATE";
    return read(db, text);
  }

  [[nodiscard]] static outcome<std::uint64_t> set_status(connection& db, const row& token, core::credential_status to,
                                                         core::timestamp at) {
    static const std::string text = "UPDATE endpoint_token SET status = ?, updated_at = ? WHERE id = ? AND status = ?";
    CM_TRY(auto* const update, db.prepared(text));
    update->bind(0, number(to));
    bind_time(*update, 1, at);
    update->bind(2, token.id.bytes);
    update->bind(3, number(token.status));
    CM_TRY_VOID(update->execute());
    return update->affected_rows();
  }

  [[nodiscard]] static outcome<std::uint64_t> remove(connection& db, const row& token) {
    static const std::string text = "DELETE FROM endpoint_token WHERE id = ?";
    CM_TRY(auto* const erase, db.prepared(text));
    erase->bind(0, token.id.bytes);
    CM_TRY_VOID(erase->execute());
    return erase->affected_rows();
  }

  [[nodiscard]] static core::revocation lost(const core::uuid& id) {
    core::revocation lost;
    lost.kind = core::revoked_kind::endpoint_tokens;
    lost.ids = {id};
    return lost;
  }

  static void set_endpoint(const row& token, core::revocation& lost) {
    lost.application = token.application;
    lost.endpoint_id = token.endpoint_id;
  }

private:
  static const std::string& find_text() {
    static const std::string text = "SELECT " + std::string{token_fields} + " FROM endpoint_token WHERE id = ?";
    return text;
  }

  [[nodiscard]] outcome<std::optional<row>> read(connection& db, const std::string& text) const {
    CM_TRY(auto* const select, db.prepared(text, token_columns));
    select->bind(0, id_.bytes);
    std::optional<row> token;
    CM_TRY_VOID(read_rows(*select, [&](const statement& r) { token = read_token(r); }));
    if (token && endpoint_id_ && token->endpoint_id != *endpoint_id_)
      token.reset();
    return token;
  }

  core::uuid id_;
  std::optional<std::string_view> endpoint_id_;
};

// Unlocked: rows are locked only by their primary key, because locking the key of the hash first could deadlock.
outcome<std::optional<core::uuid>> id_of_hash(connection& db, const core::token_hash& hash) {
  std::optional<core::uuid> id;
  CM_TRY_VOID(read_by_hash(db, tokens_by_hash(), token_and_hash_columns, {&hash, 1},
                           [&](std::size_t, const statement& row) { id = read_uuid(row.bytes(0)); }));
  return id;
}

outcome<token_table> table_of(connection& db, const change_token_status& request) {
  if (const auto* address = std::get_if<token_address>(&request.which))
    return token_table{address->id, address->endpoint_id};
  CM_TRY(const auto& id, id_of_hash(db, std::get<core::token_hash>(request.which)));
  if (!id)
    return make_usable_failure(core::errc::not_found, std::string{token_table::missing()});
  return token_table{*id, std::nullopt};
}

} // namespace

outcome<changed_token> apply(connection& db, const change_token_status& request, const attempt& how) {
  CM_TRY(const auto& table, table_of(db, request));
  CM_TRY(auto&& changed,
         change_status(db, table, request.target, mark_of(request.at, request.origin), request.precondition, how));
  return changed_token{std::move(changed.row), changed.changed, std::move(changed.event)};
}

outcome<deleted_tokens> apply(connection& db, const delete_token& request) {
  CM_TRY(auto&& event, delete_one(db, token_table{request.which.id, request.which.endpoint_id},
                                  mark_of(request.at, request.origin), request.precondition));
  deleted_tokens deleted;
  deleted.count = 1;
  if (event)
    deleted.events.push_back(*std::move(event));
  return deleted;
}

} // namespace cm::storage
