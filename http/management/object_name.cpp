#include "http/management/object_name.hpp"

#include <algorithm>

namespace cm::http {

namespace {

bool has_wildcard(std::string_view text) noexcept {
  return text.find_first_of("*?") != std::string_view::npos;
}

} // namespace

bool object_name::is_pattern() const noexcept {
  return more_properties || has_wildcard(domain)
         || std::any_of(properties.begin(), properties.end(),
                        [](const auto& property) { return has_wildcard(property.second); });
}

std::string object_name::properties_text() const {
  std::string out;
  for (const auto& [key, value] : properties) {
    if (!out.empty())
      out.push_back(',');
    out.append(key).append("=").append(value);
  }
  if (more_properties)
    out.append(out.empty() ? "*" : ",*");
  return out;
}

std::optional<object_name> parse_object_name(std::string_view text) {
  const auto colon = text.find(':');
  if (colon == std::string_view::npos)
    return std::nullopt;
  object_name out;
  out.domain = text.substr(0, colon);
  text.remove_prefix(colon + 1);
  if (text.empty())
    return std::nullopt;
  for (bool more = true; more;) {
    const auto comma = std::min(text.find(','), text.size());
    const auto property = text.substr(0, comma);
    more = comma < text.size();
    text.remove_prefix(more ? comma + 1 : comma);
    if (property == "*" && !out.more_properties) {
      out.more_properties = true;
      continue;
    }
    const auto equals = property.find('=');
    if (equals == std::string_view::npos || equals == 0 || equals + 1 == property.size())
      return std::nullopt;
    out.properties.emplace_back(property.substr(0, equals), property.substr(equals + 1));
  }
  std::sort(out.properties.begin(), out.properties.end());
  const auto duplicate = std::adjacent_find(out.properties.begin(), out.properties.end(),
                                            [](const auto& a, const auto& b) { return a.first == b.first; });
  return duplicate == out.properties.end() ? std::optional{std::move(out)} : std::nullopt;
}

bool matches(const object_name& pattern, const object_name& name) {
  if (!matches_wildcards(pattern.domain, name.domain))
    return false;
  if (!pattern.more_properties && pattern.properties.size() != name.properties.size())
    return false;
  return std::all_of(pattern.properties.begin(), pattern.properties.end(), [&](const auto& wanted) {
    return std::any_of(name.properties.begin(), name.properties.end(), [&](const auto& own) {
      return own.first == wanted.first && matches_wildcards(wanted.second, own.second);
    });
  });
}

bool matches_wildcards(std::string_view pattern, std::string_view text) noexcept {
  constexpr auto none = std::string_view::npos;
  std::size_t p = 0;
  std::size_t t = 0;
  std::size_t star = none;
  std::size_t resume = 0;
  while (t < text.size()) {
    if (p < pattern.size() && pattern[p] == '*') {
      star = p++;
      resume = t;
    } else if (p < pattern.size() && (pattern[p] == '?' || pattern[p] == text[t])) {
      ++p;
      ++t;
    } else if (star != none) {
      p = star + 1;
      t = ++resume;
    } else {
      return false;
    }
  }
  while (p < pattern.size() && pattern[p] == '*')
    ++p;
  return p == pattern.size();
}

} // namespace cm::http
