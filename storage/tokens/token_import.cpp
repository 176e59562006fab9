// Imports batches of tokens, some of which may exist already.
#include "core/base/identifiers.hpp"
#include "core/base/try.hpp"
#include "storage/tokens/token_insertion.hpp"
#include "storage/tokens/token_repository.hpp"
#include "storage/tokens/token_row.hpp"

namespace cm::storage {

namespace {

constexpr std::size_t values_per_row = 6;

using core::credential_status;
using stored_tokens = std::vector<std::optional<core::endpoint_token>>;

// One batch in progress: lines with the same token are merged.
struct batch {
  std::vector<const import_item*> items; ///< sorted by hash, so that two imports always lock in the same order
  std::vector<core::token_hash> hashes;  ///< of the items
  stored_tokens stored;                  ///< the stored token of each item, as far as it is known
  std::vector<bool> inserted;            ///< by this transaction
  std::vector<bool> created_before;      ///< by an earlier attempt of the command, whose response was lost
};

batch sorted_batch(const std::vector<import_item>& items) {
  batch sorted;
  for (const auto& item : items)
    sorted.items.push_back(&item);
  std::stable_sort(sorted.items.begin(), sorted.items.end(),
                   [](const auto* a, const auto* b) { return a->hash < b->hash; });
  const auto end = std::unique(sorted.items.begin(), sorted.items.end(),
                               [](const auto* a, const auto* b) { return a->hash == b->hash; });
  sorted.items.erase(end, sorted.items.end());
  for (const auto* item : sorted.items)
    sorted.hashes.push_back(item->hash);
  sorted.stored.resize(sorted.items.size());
  sorted.inserted.resize(sorted.items.size());
  sorted.created_before.resize(sorted.items.size());
  return sorted;
}

credential_status first_status(const import_item& item) {
  return item.status.value_or(credential_status::inactive);
}

outcome<void> read_stored(connection& db, batch& pending) {
  return read_by_hash(db, tokens_by_hash(), token_and_hash_columns, pending.hashes,
                      [&](std::size_t index, const statement& row) { pending.stored[index] = read_token(row); });
}

// Inserts the missing tokens. If another transaction has inserted a row meanwhile, waits for it, locks the row and
// leaves it unchanged. Returns the number of rows inserted.
outcome<std::uint64_t> insert_missing(connection& db, std::span<const import_item* const> missing, core::timestamp at) {
  static const auto texts = statement_texts("INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, "
                                            "status, created_at) VALUES ",
                                            "(?,?,?,?,?,?)", " ON DUPLICATE KEY UPDATE id = endpoint_token.id");
  std::uint64_t inserted = 0;
  while (!missing.empty()) {
    const auto size_class = class_filled_by(missing.size());
    CM_TRY(auto* const insert, db.prepared(texts[size_class]));
    auto& write = *insert;
    for (std::size_t i = 0; i < size_classes[size_class]; ++i) {
      const auto& item = *missing[i];
      const auto first = i * values_per_row;
      write.bind(first, item.id.bytes);
      write.bind(first + 1, item.hash);
      write.bind(first + 2, item.application);
      write.bind(first + 3, item.endpoint_id);
      write.bind(first + 4, number(first_status(item)));
      bind_time(write, first + 5, at);
    }
    CM_TRY_VOID(write.execute());
    inserted += write.affected_rows();
    missing = missing.subspan(size_classes[size_class]);
  }
  return inserted;
}

// After an insertion that met rows of other transactions: reads which rows exist, and which of them this transaction
// has inserted. A row with an ID of ours may come from an earlier attempt of this command that was committed just now:
// then it has an audit row already.
outcome<void> find_inserted(connection& db, batch& pending, std::vector<bool> missing) {
  static const auto texts =
    statement_texts("SELECT credential_id FROM credential_audit WHERE credential_id IN (", "?", ")");
  static constexpr std::array columns{uuid_column};
  CM_TRY_VOID(read_stored(db, pending));
  std::vector<core::uuid> ours;
  for (std::size_t i = 0; i < pending.items.size(); ++i) {
    if (!pending.stored[i])
      return impossible("the ID belongs to another token");
    pending.inserted[i] = missing[i] && pending.stored[i]->id == pending.items[i]->id;
    if (pending.inserted[i])
      ours.push_back(pending.items[i]->id);
  }
  return read_by_id(db, texts, columns, ours, [&](const statement& row) {
    const auto id = read_uuid(row.bytes(0));
    for (std::size_t i = 0; i < pending.items.size(); ++i) {
      if (pending.items[i]->id == id)
        pending.inserted[i] = false;
    }
  });
}

core::endpoint_token token_of(const import_item& item, core::timestamp at) {
  return {item.id, item.application, item.endpoint_id, first_status(item), at, {}};
}

// Inserts all tokens with their audit rows. The common case: none of them exists.
outcome<void> insert_all(connection& db, batch& pending, const change_mark& mark) {
  std::vector<new_token> tokens;
  tokens.reserve(pending.items.size());
  for (const auto* item : pending.items)
    tokens.push_back({&item->id, &item->hash, item->application, item->endpoint_id, first_status(*item), &mark});
  CM_TRY_VOID(insert_with_audit(db, tokens));
  for (std::size_t i = 0; i < pending.items.size(); ++i)
    pending.stored[i] = token_of(*pending.items[i], mark.at);
  return {};
}

// Inserts the missing tokens, without their audit rows, and reads the others.
outcome<void> insert_new(connection& db, batch& pending, core::timestamp at) {
  CM_TRY_VOID(read_stored(db, pending));
  std::vector<const import_item*> missing;
  std::vector<bool> is_missing(pending.items.size());
  for (std::size_t i = 0; i < pending.items.size(); ++i) {
    if (!pending.stored[i] && pending.created_before[i])
      pending.stored[i] = token_of(*pending.items[i], at); // another command has deleted it since
    is_missing[i] = !pending.stored[i];
    if (is_missing[i])
      missing.push_back(pending.items[i]);
  }
  CM_TRY(const auto inserted, insert_missing(db, missing, at));
  if (inserted != missing.size())
    return find_inserted(db, pending, std::move(is_missing));
  for (std::size_t i = 0; i < pending.items.size(); ++i) {
    if (!is_missing[i])
      continue;
    pending.stored[i] = token_of(*pending.items[i], at);
    pending.inserted[i] = true;
  }
  return {};
}

// Finds the tokens that an earlier, committed attempt of the command has created: they have an audit row.
outcome<void> find_created_before(connection& db, batch& pending) {
  std::vector<core::uuid> ids;
  ids.reserve(pending.items.size());
  for (const auto* item : pending.items)
    ids.push_back(item->id);
  CM_TRY(auto&& created, audited(db, ids));
  std::sort(created.begin(), created.end());
  for (std::size_t i = 0; i < pending.items.size(); ++i)
    pending.created_before[i] = std::binary_search(created.begin(), created.end(), pending.items[i]->id);
  return {};
}

// The case that some of the tokens exist.
outcome<void> store_missing(connection& db, batch& pending, const change_mark& mark, const attempt& how) {
  CM_TRY(auto&& begun, begin_insertion(db, how));
  CM_TRY_VOID(insert_new(db, pending, mark.at));
  std::vector<audit_entry> entries;
  for (std::size_t i = 0; i < pending.items.size(); ++i) {
    if (pending.inserted[i])
      entries.push_back(entry_of(pending.items[i]->id, mark, std::nullopt, first_status(*pending.items[i])));
  }
  CM_TRY_VOID(append_audit(db, entries));
  return begun.commit();
}

outcome<void> store(connection& db, batch& pending, const change_mark& mark, const attempt& how) {
  if (how.repeated) {
    CM_TRY_VOID(find_created_before(db, pending));
    return store_missing(db, pending, mark, how);
  }
  CM_TRY(auto&& begun, begin_insertion(db, how));
  if (auto inserted = insert_all(db, pending, mark); !inserted) {
    if (inserted.error().error.code != core::errc::conflict)
      return inserted;
    CM_TRY_VOID(begun.roll_back());
    return store_missing(db, pending, mark, how);
  }
  return begun.commit();
}

// Whether the status of a stored token matches the line. Inactive in a line also matches Active, because the first use
// of a token makes it Active: the same import must succeed before and after that use.
bool fits(const import_item& item, credential_status stored) {
  return !item.status || *item.status == stored
         || (*item.status == credential_status::inactive && stored == credential_status::active);
}

// `first`: this is the first line with that token. The other lines are compared with the token that it has left.
import_result verdict_of(const import_item& item, const core::endpoint_token& stored, bool first, bool created) {
  import_result result;
  result.status = stored.status;
  const bool same_endpoint = stored.endpoint_id == item.endpoint_id;
  if (same_endpoint)
    result.id = stored.id;
  if (first && created)
    result.verdict = import_verdict::created;
  else if (same_endpoint && fits(item, stored.status))
    result.verdict = import_verdict::unchanged;
  else if (created)
    result.verdict = import_verdict::repeated_in_batch;
  else
    result.verdict = same_endpoint ? import_verdict::other_status : import_verdict::other_endpoint;
  return result;
}

} // namespace

outcome<imported_tokens> apply(connection& db, const import_tokens& request, const attempt& how) {
  if (request.items.size() > max_import)
    return invalid("more than 500 lines");
  for (const auto& item : request.items) {
    if (!core::is_application_name(item.application))
      return invalid("not an application name");
    if (!core::is_endpoint_id(item.endpoint_id))
      return invalid("not an endpoint ID");
  }
  imported_tokens imported;
  if (request.items.empty())
    return imported;
  auto pending = sorted_batch(request.items);
  CM_TRY_VOID(store(db, pending, mark_of(request.at, request.origin), how));
  imported.results.reserve(request.items.size());
  for (const auto& item : request.items) {
    const auto index = static_cast<std::size_t>(
      std::lower_bound(pending.hashes.begin(), pending.hashes.end(), item.hash) - pending.hashes.begin());
    const auto& first = *pending.items[index];
    const auto& stored = *pending.stored[index];
    imported.results.push_back(verdict_of(item, stored, &item == &first, stored.id == first.id));
  }
  return imported;
}

} // namespace cm::storage
