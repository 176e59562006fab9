#include "storage/schema/migrations.hpp"

#include "core/base/text.hpp"

#include <cstddef>

namespace cm::storage {

std::vector<std::string_view> split_statements(std::string_view sql) {
  std::vector<std::string_view> statements;
  std::size_t begin = std::string_view::npos; // of the current statement; npos: between two statements
  std::size_t position = 0;
  while (position < sql.size()) {
    const auto newline = sql.find('\n', position);
    const auto end = newline == std::string_view::npos ? sql.size() : newline;
    const auto line = core::trimmed(sql.substr(position, end - position));
    if (begin == std::string_view::npos && !line.empty() && !line.starts_with("--"))
      begin = position;
    if (begin != std::string_view::npos && line.ends_with(';') && !line.starts_with("--")) {
      auto text = core::trimmed(sql.substr(begin, end - begin));
      text.remove_suffix(1);
      statements.push_back(core::trimmed(text));
      begin = std::string_view::npos;
    }
    position = end + 1;
  }
  if (begin != std::string_view::npos)
    statements.push_back(core::trimmed(sql.substr(begin)));
  return statements;
}

} // namespace cm::storage
