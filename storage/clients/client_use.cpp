// Records uses of client credentials, in batches of both kinds.
#include "core/base/try.hpp"
#include "storage/clients/client_repository.hpp"
#include "storage/clients/client_row.hpp"
#include "storage/events/audit.hpp"
#include "storage/sql/batch_limits.hpp"
#include "storage/sql/transaction.hpp"

namespace cm::storage {

namespace {

using core::credential_status;

// All uses of one credential in a batch.
struct use {
  core::uuid id;
  core::timestamp first{};
  std::string correlation_id; ///< of the first
  core::timestamp last{};
};

// Sorted by ID.
std::vector<use> uses_of(const std::vector<client_use>& items, core::client_kind kind) {
  std::vector<const client_use*> sorted;
  for (const auto& item : items) {
    if (item.kind == kind)
      sorted.push_back(&item);
  }
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  std::vector<use> uses;
  for (const auto* item : sorted) {
    if (uses.empty() || uses.back().id != item->id)
      uses.push_back({item->id, item->at, audit_text(item->correlation_id), item->at});
    else
      uses.back().last = std::max(uses.back().last, item->at);
  }
  return uses;
}

// The changes to write; determined while the rows are locked.
struct pending_writes {
  std::vector<const use*> inactive;
  std::vector<const use*> newer; ///< newer than the recorded use
  std::uint64_t rows = 0;
};

outcome<pending_writes> lock_used(connection& db, core::client_kind kind, const std::vector<use>& uses) {
  // Rows are always locked in the order of the primary key.
  static const auto texts = for_each_kind([](const client_table& table) {
    return statement_texts("SELECT id, status, last_used_at FROM " + table.name
                             + " FORCE INDEX (PRIMARY) WHERE id IN (",
                           "?", ") ORDER BY id FOR UPDATE");
  });
  static constexpr std::array columns{uuid_column, integer_column, integer_column};
  std::vector<core::uuid> ids;
  ids.reserve(uses.size());
  for (const auto& item : uses)
    ids.push_back(item.id);
  pending_writes found;
  const auto read = read_by_id(db, texts[index_of(kind)], columns, ids, [&](const statement& row) {
    const auto position = std::lower_bound(ids.begin(), ids.end(), read_uuid(row.bytes(0))) - ids.begin();
    const auto& known = uses[static_cast<std::size_t>(position)];
    const bool inactive = read_status(row, 1) == credential_status::inactive;
    const auto recorded = read_optional_time(row, 2);
    const bool newer = !recorded || *recorded < known.last;
    if (inactive)
      found.inactive.push_back(&known);
    if (newer)
      found.newer.push_back(&known);
    found.rows += inactive || newer ? 1 : 0;
  });
  CM_TRY_VOID(read);
  return found;
}

// One statement each: a credential has only one first use, so batches would not pay off.
outcome<void> activate(connection& db, core::client_kind kind, const std::vector<const use*>& inactive) {
  static const auto texts = for_each_kind([](const client_table& table) {
    return "UPDATE " + table.name + " SET status = ?, updated_at = ? WHERE id = ? AND status = ?";
  });
  for (const auto* item : inactive) {
    CM_TRY(auto* const update, db.prepared(texts[index_of(kind)]));
    update->bind(0, number(credential_status::active));
    bind_time(*update, 1, item->first);
    update->bind(2, item->id.bytes);
    update->bind(3, number(credential_status::inactive));
    CM_TRY_VOID(update->execute());
    if (update->affected_rows() != 1)
      return impossible("a locked row changed its status");
  }
  return {};
}

outcome<void> write_last_use(connection& db, core::client_kind kind, const std::vector<const use*>& newer) {
  static const auto texts = for_each_kind([](const client_table& table) {
    statement_set set;
    for (std::size_t i = 0; i < set.size(); ++i) {
      std::string cases;
      for (std::size_t item = 0; item < size_classes[i]; ++item)
        cases += " WHEN ? THEN ?";
      set[i] = "UPDATE " + table.name + " SET last_used_at = GREATEST(COALESCE(last_used_at, 0), CASE id" + cases
               + " END) WHERE id IN (" + repeated("?", size_classes[i]) + ')';
    }
    return set;
  });
  if (newer.empty())
    return {};
  const auto size_class = class_holding(newer.size());
  CM_TRY(auto* const update, db.prepared(texts[index_of(kind)][size_class]));
  const auto size = size_classes[size_class];
  for (std::size_t i = 0; i < size; ++i) {
    const auto& item = *newer[std::min(i, newer.size() - 1)];
    update->bind(2 * i, item.id.bytes);
    bind_time(*update, 2 * i + 1, item.last);
    update->bind(2 * size + i, item.id.bytes);
  }
  return update->execute();
}

outcome<std::uint64_t> use_kind(connection& db, core::client_kind kind, const std::vector<client_use>& items,
                                std::string_view actor) {
  const auto uses = uses_of(items, kind);
  CM_TRY(const auto& found, lock_used(db, kind, uses));
  CM_TRY_VOID(activate(db, kind, found.inactive));
  CM_TRY_VOID(write_last_use(db, kind, found.newer));
  std::vector<audit_entry> entries;
  for (const auto* item : found.inactive)
    entries.push_back({item->id, item->first, credential_status::inactive, credential_status::active,
                       core::channel::ecap, actor, item->correlation_id});
  CM_TRY_VOID(append_audit(db, entries));
  return found.rows;
}

} // namespace

outcome<used_clients> apply(connection& db, const use_clients& request) {
  if (request.items.size() > max_batch)
    return invalid("more than 64 uses");
  used_clients used;
  if (request.items.empty())
    return used;
  const auto actor = audit_text(request.actor);
  CM_TRY(auto&& begun, transaction::begin(db));
  for (const auto kind : {core::client_kind::basic, core::client_kind::x509}) {
    CM_TRY(const auto changed, use_kind(db, kind, request.items, actor));
    used.changed += changed;
  }
  CM_TRY_VOID(begun.commit());
  return used;
}

} // namespace cm::storage
