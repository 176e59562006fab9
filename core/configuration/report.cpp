#include "core/base/text.hpp"
#include "core/configuration/configuration.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>

namespace cm::core::configuration {

namespace {

// Escapes the whole text, while printable() truncates it: the parts of a message have been truncated before.
std::string one_line(std::string_view text) {
  std::string result;
  while (!text.empty()) {
    const auto part = text.substr(0, 64);
    const auto clean = printable(part);
    // Do not split a UTF-8 character between two parts, or it would be escaped as invalid.
    const auto size = std::max<std::size_t>(utf8_prefix(text, part.size()).size(), 1);
    result += size == part.size() ? clean : printable(part.substr(0, size));
    text.remove_prefix(size);
  }
  return result;
}

} // namespace

std::string render(const problem& what) {
  std::string result = what.where;
  if (!what.key.empty())
    result += ": " + what.key;
  return one_line(result + ": " + what.message);
}

std::string describe(const settings& value) {
  std::size_t width = 0;
  for (const auto& line : value.effective)
    width = std::max(width, line.key.size() + 3 + line.value.size());
  width = std::min<std::size_t>(width, 80);
  std::string result;
  for (const auto& line : value.effective) {
    auto left = line.key + " = " + (line.value.empty() ? "(not set)" : line.value);
    if (left.size() < width)
      left.resize(width, ' ');
    result += one_line(left + "  # " + line.origin) + "\n";
  }
  return result;
}

} // namespace cm::core::configuration
