// Many tokens at once, of which some may be there already.
#include "core/base/identifiers.hpp"
#include "core/base/try.hpp"
#include "storage/tokens/token_insertion.hpp"
#include "storage/tokens/token_repository.hpp"
#include "storage/tokens/token_row.hpp"

namespace cm::storage {

namespace {

constexpr std::size_t values_of_a_row = 6;

using core::credential_status;
using stored_tokens = std::vector<std::optional<core::endpoint_token>>;

// One batch on its way: items that name the same token are one here.
struct batch {
  std::vector<const import_item*> items; ///< by rising hash, so that two imports wait in one direction
  std::vector<core::token_hash> hashes;  ///< of the items
  stored_tokens stored;                  ///< of the items, as far as they are known
  std::vector<bool> inserted;            ///< by this transaction
  std::vector<bool> made_before;         ///< by an earlier attempt of the command, of which the answer was lost
};

batch sorted_batch(const std::vector<import_item>& items) {
  batch made;
  for (const auto& item : items)
    made.items.push_back(&item);
  std::stable_sort(made.items.begin(), made.items.end(),
                   [](const auto* a, const auto* b) { return a->hash < b->hash; });
  const auto end =
    std::unique(made.items.begin(), made.items.end(), [](const auto* a, const auto* b) { return a->hash == b->hash; });
  made.items.erase(end, made.items.end());
  for (const auto* item : made.items)
    made.hashes.push_back(item->hash);
  made.stored.resize(made.items.size());
  made.inserted.resize(made.items.size());
  made.made_before.resize(made.items.size());
  return made;
}

credential_status first_status(const import_item& item) {
  return item.status.value_or(credential_status::inactive);
}

outcome<void> read_stored(connection& db, batch& some) {
  return read_by_hash(db, tokens_by_hash(), token_and_hash_columns, some.hashes,
                      [&](std::size_t place, const statement& row) { some.stored[place] = read_token(row); });
}

// Inserts what is missing. A row that somebody else has inserted meanwhile is waited for, locked and left as it is.
// Returns the number of rows that were really inserted.
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
      const auto first = i * values_of_a_row;
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

// After an insertion that met rows of others: what is there now, and which of it is of this transaction. A row with our
// ID may be that of an earlier attempt of this command which was committed just now: it has its audit row already.
outcome<void> find_out(connection& db, batch& some, std::vector<bool> missing) {
  static const auto texts =
    statement_texts("SELECT credential_id FROM credential_audit WHERE credential_id IN (", "?", ")");
  static constexpr std::array columns{uuid_column};
  CM_TRY_VOID(read_stored(db, some));
  std::vector<core::uuid> ours;
  for (std::size_t i = 0; i < some.items.size(); ++i) {
    if (!some.stored[i])
      return impossible("the ID belongs to another token");
    some.inserted[i] = missing[i] && some.stored[i]->id == some.items[i]->id;
    if (some.inserted[i])
      ours.push_back(some.items[i]->id);
  }
  return read_by_id(db, texts, columns, ours, [&](const statement& row) {
    const auto id = read_uuid(row.bytes(0));
    for (std::size_t i = 0; i < some.items.size(); ++i) {
      if (some.items[i]->id == id)
        some.inserted[i] = false;
    }
  });
}

core::endpoint_token made_of(const import_item& item, core::timestamp at) {
  return {item.id, item.application, item.endpoint_id, first_status(item), at, {}};
}

// Inserts all of them with their audit rows, as if none were there: so it is in most batches.
outcome<void> insert_all(connection& db, batch& some, const change_mark& mark) {
  std::vector<new_token> tokens;
  tokens.reserve(some.items.size());
  for (const auto* item : some.items)
    tokens.push_back({&item->id, &item->hash, item->application, item->endpoint_id, first_status(*item), &mark});
  CM_TRY_VOID(insert_with_audit(db, tokens));
  for (std::size_t i = 0; i < some.items.size(); ++i)
    some.stored[i] = made_of(*some.items[i], mark.at);
  return {};
}

// Inserts those that are missing, without their audit rows, and finds out about the others.
outcome<void> insert_new(connection& db, batch& some, core::timestamp at) {
  CM_TRY_VOID(read_stored(db, some));
  std::vector<const import_item*> missing;
  std::vector<bool> is_missing(some.items.size());
  for (std::size_t i = 0; i < some.items.size(); ++i) {
    if (!some.stored[i] && some.made_before[i])
      some.stored[i] = made_of(*some.items[i], at); // others have deleted it since
    is_missing[i] = !some.stored[i];
    if (is_missing[i])
      missing.push_back(some.items[i]);
  }
  CM_TRY(const auto inserted, insert_missing(db, missing, at));
  if (inserted != missing.size())
    return find_out(db, some, std::move(is_missing));
  for (std::size_t i = 0; i < some.items.size(); ++i) {
    if (!is_missing[i])
      continue;
    some.stored[i] = made_of(*some.items[i], at);
    some.inserted[i] = true;
  }
  return {};
}

// Whether an earlier attempt of the command was committed: all its tokens have an audit row then.
outcome<void> find_made_before(connection& db, batch& some) {
  std::vector<core::uuid> ids;
  ids.reserve(some.items.size());
  for (const auto* item : some.items)
    ids.push_back(item->id);
  CM_TRY(auto&& made, audited(db, ids));
  std::sort(made.begin(), made.end());
  for (std::size_t i = 0; i < some.items.size(); ++i)
    some.made_before[i] = std::binary_search(made.begin(), made.end(), some.items[i]->id);
  return {};
}

// With tokens that are there already.
outcome<void> store_beside_others(connection& db, batch& some, const change_mark& mark, const attempt& how) {
  CM_TRY(auto&& begun, begin_insertion(db, how));
  CM_TRY_VOID(insert_new(db, some, mark.at));
  std::vector<audit_entry> entries;
  for (std::size_t i = 0; i < some.items.size(); ++i) {
    if (some.inserted[i])
      entries.push_back(entry_of(some.items[i]->id, mark, std::nullopt, first_status(*some.items[i])));
  }
  CM_TRY_VOID(append_audit(db, entries));
  return begun.commit();
}

outcome<void> store(connection& db, batch& some, const change_mark& mark, const attempt& how) {
  if (how.repeated) {
    CM_TRY_VOID(find_made_before(db, some));
    return store_beside_others(db, some, mark, how);
  }
  CM_TRY(auto&& begun, begin_insertion(db, how));
  if (auto inserted = insert_all(db, some, mark); !inserted) {
    if (inserted.error().error.code != core::errc::conflict)
      return inserted;
    CM_TRY_VOID(begun.roll_back());
    return store_beside_others(db, some, mark, how);
  }
  return begun.commit();
}

// Whether a token with that status is what the line wants. Inactive in a line is a token that was not used yet, and
// Active is what its first use makes of it: the same line is right after that use, too.
bool fits(const import_item& item, credential_status stored) {
  return !item.status || *item.status == stored
         || (*item.status == credential_status::inactive && stored == credential_status::active);
}

// The first line that names a token has `first`; the others meet what that one has left.
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
  auto some = sorted_batch(request.items);
  CM_TRY_VOID(store(db, some, mark_of(request.at, request.origin), how));
  imported.results.reserve(request.items.size());
  for (const auto& item : request.items) {
    const auto place = static_cast<std::size_t>(std::lower_bound(some.hashes.begin(), some.hashes.end(), item.hash)
                                                - some.hashes.begin());
    const auto& first = *some.items[place];
    const auto& stored = *some.stored[place];
    imported.results.push_back(verdict_of(item, stored, &item == &first, stored.id == first.id));
  }
  return imported;
}

} // namespace cm::storage
