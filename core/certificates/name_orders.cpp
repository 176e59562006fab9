// The orders of the attributes within relative distinguished names.
#include "core/certificates/distinguished_name.hpp"

#include <algorithm>
#include <utility>
#include <vector>

namespace cm::core {

namespace {

using attributes = std::vector<std::string_view>; // of one relative name

/// The length of the text up to the next separator, or its whole length.
std::size_t length_of_attribute(std::string_view text) noexcept {
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] == '\\')
      ++at; // a separator after it belongs to the value
    else if (text[at] == ',' || text[at] == '+')
      return at;
  }
  return text.size();
}

/// The attributes of each relative name, sorted byte by byte. Empty if every one has a single attribute.
std::vector<attributes> sorted_parts(std::string_view canonical) {
  std::vector<attributes> parts(1);
  bool several = false;
  for (;;) {
    const auto length = length_of_attribute(canonical);
    parts.back().push_back(canonical.substr(0, length));
    if (length == canonical.size())
      break;
    if (canonical[length] == ',')
      parts.emplace_back();
    else
      several = true;
    canonical.remove_prefix(length + 1);
  }
  if (!several)
    return {};
  for (auto& part : parts)
    std::sort(part.begin(), part.end());
  return parts;
}

std::string text_of(const std::vector<attributes>& parts) {
  std::string text;
  for (const auto& part : parts) {
    for (const auto& attribute : part) {
      if (!text.empty())
        text += &attribute == &part.front() ? ',' : '+';
      text += attribute;
    }
  }
  return text;
}

/// The next order, as an odometer counts; false after the last.
bool advance(std::vector<attributes>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [](auto& part) { return std::next_permutation(part.begin(), part.end()); });
}

void add_orders(std::vector<std::string>& names, std::string_view canonical) {
  auto parts = sorted_parts(canonical);
  if (parts.empty())
    return;
  for (std::size_t made = 0; made < max_name_orders; ++made) {
    names.push_back(text_of(parts));
    if (!advance(parts))
      return;
  }
}

} // namespace

distinguished_name distinguished_name_of(std::string canonical, std::optional<std::string> former) {
  distinguished_name name;
  add_orders(name.others, canonical);
  if (!name.others.empty())
    name.identity = name.others.front();
  if (former) {
    add_orders(name.others, *former);
    name.others.push_back(*std::move(former));
  }
  std::sort(name.others.begin(), name.others.end());
  name.others.erase(std::unique(name.others.begin(), name.others.end()), name.others.end());
  std::erase(name.others, canonical);
  name.canonical = std::move(canonical);
  return name;
}

} // namespace cm::core
