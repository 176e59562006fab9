// Creates tokens: one, or a batch.
#include "core/base/identifiers.hpp"
#include "core/base/try.hpp"
#include "storage/tokens/token_insertion.hpp"
#include "storage/tokens/token_repository.hpp"
#include "storage/tokens/token_row.hpp"

namespace cm::storage {

namespace {

// Inserts the tokens with their audit rows in one transaction.
outcome<void> insert(connection& db, std::span<const create_token* const> requests, const attempt& how) {
  std::vector<change_mark> marks;
  marks.reserve(requests.size());
  std::vector<new_token> tokens;
  tokens.reserve(requests.size());
  for (const auto* request : requests) {
    marks.push_back(mark_of(request->at, request->origin));
    tokens.push_back(
      {&request->id, &request->hash, request->application, request->endpoint_id, request->status, &marks.back()});
  }
  CM_TRY(auto&& begun, begin_insertion(db, how));
  CM_TRY_VOID(insert_with_audit(db, tokens));
  return begun.commit();
}

created_token result_of(const create_token& request) {
  return {{request.id, request.application, request.endpoint_id, request.status, request.at, {}}};
}

// The token with the ID of the command, if it exists. impossible() if it has another hash.
outcome<std::optional<created_token>> find_stored(connection& db, const create_token& request) {
  static const std::string text =
    "SELECT " + std::string{token_fields} + ", token_hash FROM endpoint_token WHERE id = ?";
  CM_TRY(auto* const select, db.prepared(text, token_and_hash_columns));
  select->bind(0, request.id.bytes);
  std::optional<created_token> stored;
  bool same = false;
  const auto read = read_rows(*select, [&](const statement& row) {
    const auto hash = row.bytes(token_columns.size());
    same = std::equal(hash.begin(), hash.end(), request.hash.begin(), request.hash.end());
    stored = created_token{read_token(row)};
  });
  CM_TRY_VOID(read);
  if (stored && !same)
    return impossible("the ID belongs to another token");
  return stored;
}

// After a duplicate key: success if an earlier attempt of the same command, whose response was lost, has stored the
// row.
outcome<created_token> created_before(connection& db, const create_token& request, const failure& duplicate) {
  CM_TRY(auto&& stored, find_stored(db, request));
  if (!stored)
    return make_usable_failure(core::errc::conflict, "The token already exists in the application",
                               duplicate.error.detail);
  return *std::move(stored);
}

// After an earlier attempt that created the token: its current state, or its initial one if it has been deleted.
outcome<created_token> stored_before(connection& db, const create_token& request) {
  CM_TRY(auto&& stored, find_stored(db, request));
  return stored ? *std::move(stored) : result_of(request);
}

std::optional<failure> fault_of(const create_token& request) {
  if (!core::is_application_name(request.application))
    return invalid("not an application name");
  if (!core::is_endpoint_id(request.endpoint_id))
    return invalid("not an endpoint ID");
  return std::nullopt;
}

// Creates the tokens one by one, each in its own transaction. Stops at a failure that is not caused by the item; a
// repetition finds the tokens that were created until then.
outcome<created_tokens> create_each(connection& db, const create_tokens& request, const attempt& how) {
  created_tokens created;
  created.results.reserve(request.items.size());
  for (const auto& item : request.items) {
    auto result = apply(db, item, how);
    if (result) {
      created.results.emplace_back(*std::move(result));
      continue;
    }
    if (result.error().kind != error_class::usable || host_specific(result.error().number))
      return std::move(result).error();
    if (!db.settled())
      return std::move(result).error();
    created.results.emplace_back(std::move(result).error().error);
  }
  return created;
}

} // namespace

outcome<created_token> apply(connection& db, const create_token& request, const attempt& how) {
  if (auto fault = fault_of(request))
    return *std::move(fault);
  if (how.repeated) {
    // The lost attempt may have been committed, and other commands may have changed or deleted the token since.
    CM_TRY(const auto& before, audited(db, {&request.id, 1}));
    if (!before.empty())
      return stored_before(db, request);
  }
  const auto* const item = &request;
  const auto inserted = insert(db, {&item, 1}, how);
  if (inserted)
    return result_of(request);
  if (inserted.error().error.code == core::errc::conflict)
    return created_before(db, request, inserted.error());
  return inserted.error();
}

outcome<created_tokens> apply(connection& db, const create_tokens& request, const attempt& how) {
  if (request.items.empty() || request.items.size() > max_batch)
    return invalid("no creation or more than 64");
  std::vector<const create_token*> good;
  good.reserve(request.items.size());
  for (const auto& item : request.items) {
    if (how.repeated || fault_of(item))
      return create_each(db, request, how);
    good.push_back(&item);
  }
  if (auto inserted = insert(db, good, how); !inserted) {
    if (inserted.error().error.code != core::errc::conflict)
      return inserted.error();
    return create_each(db, request, how); // some of them exist, or an earlier attempt has stored all of them
  }
  created_tokens created;
  created.results.reserve(good.size());
  for (const auto* item : good)
    created.results.emplace_back(result_of(*item));
  return created;
}

} // namespace cm::storage
