// Records first uses of tokens, in batches.
#include "core/base/try.hpp"
#include "storage/events/audit.hpp"
#include "storage/sql/transaction.hpp"
#include "storage/tokens/token_repository.hpp"
#include "storage/tokens/token_row.hpp"

namespace cm::storage {

namespace {

using core::credential_status;

const statement_set& lock_texts() {
  // Always locks in the order of the primary key, so that two batches with common tokens cannot deadlock.
  static const auto texts = statement_texts("SELECT id, status FROM endpoint_token FORCE INDEX (PRIMARY) WHERE id IN (",
                                            "?", ") ORDER BY id FOR UPDATE");
  return texts;
}

const std::string& activate_text(std::size_t size_class) {
  // By the primary key too, because it locks the rows on the optimistic path.
  static const auto texts =
    statement_texts("UPDATE endpoint_token FORCE INDEX (PRIMARY) SET status = ?, updated_at = ?, "
                    "first_used_at = ? WHERE status = ? AND id IN (",
                    "?", ")");
  return texts[size_class];
}

// The items sorted by ID, without duplicates: the first one of the batch is kept.
std::vector<const activation*> in_id_order(const std::vector<activation>& items) {
  std::vector<const activation*> sorted;
  sorted.reserve(items.size());
  for (const auto& item : items)
    sorted.push_back(&item);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->id < b->id; });
  const auto end =
    std::unique(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) { return a->id == b->id; });
  sorted.erase(end, sorted.end());
  return sorted;
}

// Locks the rows and returns the items that are Inactive.
outcome<std::vector<const activation*>> lock_inactive(connection& db, const std::vector<const activation*>& wanted) {
  static constexpr std::array columns{uuid_column, integer_column};
  std::vector<core::uuid> ids;
  ids.reserve(wanted.size());
  for (const auto* item : wanted)
    ids.push_back(item->id);
  std::vector<const activation*> inactive;
  const auto read = read_by_id(db, lock_texts(), columns, ids, [&](const statement& row) {
    if (read_status(row, 1) != credential_status::inactive)
      return;
    const auto id = read_uuid(row.bytes(0));
    const auto item = std::lower_bound(wanted.begin(), wanted.end(), id,
                                       [](const activation* a, const core::uuid& value) { return a->id < value; });
    if (item != wanted.end() && (*item)->id == id)
      inactive.push_back(*item);
  });
  CM_TRY_VOID(read);
  return inactive;
}

// Returns the number of tokens that were Inactive and are Active now.
outcome<std::uint64_t> write_active(connection& db, const std::vector<const activation*>& items, core::timestamp at) {
  const auto size_class = class_holding(items.size());
  CM_TRY(auto* const update, db.prepared(activate_text(size_class)));
  auto& write = *update;
  write.bind(0, number(credential_status::active));
  bind_time(write, 1, at);
  bind_time(write, 2, at);
  write.bind(3, number(credential_status::inactive));
  for (std::size_t i = 0; i < size_classes[size_class]; ++i)
    write.bind(4 + i, items[std::min(i, items.size() - 1)]->id.bytes);
  CM_TRY_VOID(write.execute());
  return write.affected_rows();
}

// Activates the tokens that are Inactive, and returns them. Optimistic path: usually all are Inactive, so one UPDATE is
// enough. Otherwise the UPDATE does not say which tokens it changed: roll back, lock the rows and read them first.
outcome<std::vector<const activation*>> make_active(connection& db, transaction& within,
                                                    std::vector<const activation*> wanted, core::timestamp at) {
  CM_TRY(const auto written, write_active(db, wanted, at));
  if (written == wanted.size())
    return wanted;
  CM_TRY_VOID(within.restart());
  auto inactive = lock_inactive(db, wanted);
  if (!inactive || inactive->empty())
    return inactive;
  CM_TRY(const auto rest, write_active(db, *inactive, at));
  if (rest != inactive->size())
    return impossible("a locked row changed its status");
  return inactive;
}

outcome<void> record(connection& db, const std::vector<const activation*>& changed, const activate_tokens& request) {
  const auto actor = audit_text(request.actor);
  std::vector<std::string> correlation_ids;
  correlation_ids.reserve(changed.size());
  std::vector<audit_entry> entries;
  entries.reserve(changed.size());
  for (const auto* item : changed) {
    correlation_ids.push_back(audit_text(item->correlation_id));
    entries.push_back({item->id, request.at, credential_status::inactive, credential_status::active,
                       core::channel::ecap, actor, correlation_ids.back()});
  }
  return append_audit(db, entries);
}

} // namespace

outcome<activated_tokens> apply(connection& db, const activate_tokens& request) {
  if (request.items.size() > max_activations)
    return invalid("more than 256 activations");
  activated_tokens answer;
  if (request.items.empty())
    return answer;
  CM_TRY(auto&& begun, transaction::begin(db));
  CM_TRY(const auto& changed, make_active(db, begun, in_id_order(request.items), request.at));
  CM_TRY_VOID(record(db, changed, request));
  CM_TRY_VOID(begun.commit());
  answer.changed.reserve(changed.size());
  for (const auto* item : changed)
    answer.changed.push_back(item->id);
  return answer;
}

} // namespace cm::storage
