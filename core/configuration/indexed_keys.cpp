#include "core/configuration/indexed_keys.hpp"

#include "core/base/text.hpp"
#include "core/configuration/schema.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <utility>

namespace cm::core::configuration {

namespace {

constexpr std::size_t max_elements = 1000;

struct element_key {
  std::string list;
  std::size_t index = 0;
};

bool is_list(std::string_view key) {
  const auto match = find_key(key);
  if (!match)
    return false;
  const auto parts = split(match->instance, '.');
  return match->row->type == value_type::nats_urls
         || (match->row->family == wildcard::application && parts.size() == 2 && parts[1] == "versions");
}

// "nats.urls[0]": the list nats.urls and the index 0; empty if the key is no element of a list of the schema.
std::optional<element_key> element_of(std::string_view key) {
  const auto bracket = key.rfind('[');
  if (bracket == std::string_view::npos || !key.ends_with(']'))
    return std::nullopt;
  const auto index = parse_number<std::size_t>(key.substr(bracket + 1, key.size() - bracket - 2), 0, max_elements - 1);
  const auto list = key.substr(0, bracket);
  if (!index || !is_list(list))
    return std::nullopt;
  return element_key{std::string(list), *index};
}

struct gathered_list {
  std::size_t position = 0; ///< in the result
  std::map<std::size_t, file_entry> elements;
};

void join(const std::string& file_name, const gathered_list& from, file_entry& into, std::vector<problem>& errors) {
  std::size_t expected_index = 0;
  for (const auto& [index, element] : from.elements) {
    if (index != expected_index++) {
      errors.push_back(
        {file_name + ":" + std::to_string(element.line), element.key,
         "found without the element [" + std::to_string(expected_index - 1) + "], expected all indices from 0 on"});
      return;
    }
    into.text += (index == 0 ? "" : ",") + element.text;
    if (element.shape == file_entry::kind::list || element.shape == file_entry::kind::nested)
      into.shape = file_entry::kind::nested;
  }
}

} // namespace

std::vector<file_entry> with_whole_lists(const std::string& file_name, std::vector<file_entry> entries,
                                         std::vector<problem>& errors) {
  std::vector<file_entry> result;
  std::map<std::string, gathered_list> lists; // by uniform key
  for (auto& entry : entries) {
    const auto element = element_of(entry.key);
    if (!element) {
      result.push_back(std::move(entry));
      continue;
    }
    const auto [list, is_new] = lists.try_emplace(uniform_key(element->list));
    if (is_new) {
      list->second.position = result.size();
      result.push_back({element->list, entry.line, file_entry::kind::list, {}});
    }
    const auto line = entry.line;
    const auto key = entry.key;
    if (!list->second.elements.emplace(element->index, std::move(entry)).second)
      errors.push_back({file_name + ":" + std::to_string(line), key, "found twice, expected once"});
  }
  for (const auto& [key, list] : lists)
    join(file_name, list, result[list.position], errors);
  return result;
}

std::string list_from_variables(const environment& variables, const std::string& name) {
  std::string result;
  for (std::size_t index = 0; index < max_elements; ++index) {
    const auto* text = variables.find(name + "_" + std::to_string(index));
    if (text == nullptr)
      break;
    result += (index == 0 ? "" : ",") + *text;
  }
  return result;
}

} // namespace cm::core::configuration
