#include "storage/token_insertion.hpp"

#include "storage/row_values.hpp"
#include "storage/rows.hpp"

#include <vector>

namespace cm::storage {

outcome<void> insert_with_audit(connection& db, std::span<const new_token> tokens) {
  static const std::string text = "INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, "
                                  "created_at) VALUES (?,?,?,?,?,?)";
  constexpr std::size_t columns = 6;
  const auto insert = db.prepared(text);
  if (!insert)
    return insert.error();
  row_values rows{columns, tokens.size()};
  std::vector<audit_entry> entries;
  entries.reserve(tokens.size());
  for (const auto& token : tokens) {
    rows.add(token.id->bytes);
    rows.add(*token.hash);
    rows.add(token.application);
    rows.add(token.endpoint_id);
    rows.add(number(token.status));
    rows.add(token.mark->at);
    entries.push_back(entry_of(*token.id, *token.mark, std::nullopt, token.status));
  }
  if (auto done = (*insert)->execute(rows); !done)
    return done;
  return append_audit(db, entries);
}

} // namespace cm::storage
