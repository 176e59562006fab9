#include "storage/audit.hpp"

#include "core/identifiers.hpp"
#include "storage/size_class.hpp"

#include <algorithm>

namespace cm::storage {

namespace {

constexpr std::size_t columns_of_a_row = 7;

const std::string& insert_text(std::size_t size_class) {
  static const auto texts = statement_texts("INSERT INTO credential_audit (credential_id, at, from_status, to_status, "
                                            "channel, actor, correlation_id) VALUES ",
                                            "(?,?,?,?,?,?,?)", "");
  return texts[size_class];
}

void bind_status(statement& insert, std::size_t index, const std::optional<core::credential_status>& status) {
  if (status)
    insert.bind(index, static_cast<std::int64_t>(*status));
  else
    insert.bind_null(index);
}

// Length of the UTF-8 character that a byte begins, 1 where it begins none.
std::size_t character_length(unsigned char first) {
  if (first >= 0xF0)
    return 4;
  if (first >= 0xE0)
    return 3;
  return first >= 0xC0 ? 2 : 1;
}

} // namespace

std::string audit_text(std::string_view text) {
  std::string kept;
  kept.reserve(std::min(text.size(), max_audit_text));
  std::size_t position = 0;
  while (position < text.size()) {
    const auto character = text.substr(position, character_length(static_cast<unsigned char>(text[position])));
    const bool valid = core::is_utf8(character);
    if (kept.size() + (valid ? character.size() : 1) > max_audit_text)
      break;
    if (valid) {
      kept += character;
      position += character.size();
    } else {
      kept += '?';
      ++position;
    }
  }
  return kept;
}

outcome<void> append_audit(connection& db, std::span<const audit_entry> entries) {
  while (!entries.empty()) {
    const auto size_class = class_filled_by(entries.size());
    const auto insert = db.prepared(insert_text(size_class));
    if (!insert)
      return insert.error();
    for (std::size_t i = 0; i < size_classes[size_class]; ++i) {
      const auto& entry = entries[i];
      const auto first = i * columns_of_a_row;
      (*insert)->bind(first, entry.credential.bytes);
      (*insert)->bind(first + 1, core::to_unix_ms(entry.at));
      bind_status(**insert, first + 2, entry.from);
      bind_status(**insert, first + 3, entry.to);
      (*insert)->bind(first + 4, static_cast<std::int64_t>(entry.how));
      (*insert)->bind(first + 5, entry.actor);
      (*insert)->bind(first + 6, entry.correlation_id);
    }
    if (auto done = (*insert)->execute(); !done)
      return done;
    entries = entries.subspan(size_classes[size_class]);
  }
  return {};
}

} // namespace cm::storage
