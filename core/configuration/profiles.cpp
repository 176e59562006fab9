#include "core/configuration/profiles.hpp"

#include "core/base/text.hpp"
#include "core/configuration/indexed_keys.hpp"
#include "core/configuration/schema.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <array>
#include <iterator>
#include <set>
#include <string_view>
#include <utility>

namespace cm::core::configuration {

namespace {

using document = std::vector<file_entry>;
using names = std::set<std::string, std::less<>>;

constexpr std::array conditions{"spring.profiles", "spring.config.activate.on-profile"};
constexpr std::string_view active_key = "spring.profiles.active";

bool is_key(const file_entry& entry, std::string_view key) {
  return uniform_key(entry.key) == uniform_key(key);
}

const file_entry* condition_of(const document& entries) {
  const auto found = std::find_if(entries.begin(), entries.end(), [](const file_entry& entry) {
    return std::any_of(conditions.begin(), conditions.end(), [&](const char* key) { return is_key(entry, key); });
  });
  return found == entries.end() ? nullptr : &*found;
}

names names_in(std::string_view list) {
  names result;
  for (const auto name : split(list, ',')) {
    if (!trimmed(name).empty())
      result.emplace(trimmed(name));
  }
  return result;
}

names active_profiles(const environment& variables, const std::vector<document>& documents) {
  names active;
  if (const auto* variable = variables.find("SPRING_PROFILES_ACTIVE")) {
    active = names_in(*variable);
  } else {
    for (const auto& entries : documents) {
      if (condition_of(entries) != nullptr)
        continue;
      for (const auto& entry : entries) {
        if (is_key(entry, active_key))
          active.merge(names_in(entry.text));
      }
    }
  }
  if (active.empty())
    active.emplace("default");
  return active;
}

bool is_fulfilled(std::string_view condition, const names& active) {
  const auto wanted = names_in(condition);
  return std::any_of(wanted.begin(), wanted.end(), [&](std::string_view name) {
    const bool negated = name.starts_with('!');
    return active.contains(trimmed(name.substr(negated ? 1 : 0))) != negated;
  });
}

bool is_about_profiles(const file_entry& entry) {
  return is_key(entry, active_key)
         || std::any_of(conditions.begin(), conditions.end(), [&](const char* key) { return is_key(entry, key); });
}

// Two spellings of one key are equal here, as they are later.
std::string identity(const file_entry& entry) {
  const auto match = find_key(entry.key);
  return match ? match->key() : uniform_key(entry.key);
}

void append(document& into, const document& later) {
  names overridden;
  for (const auto& entry : later)
    overridden.insert(identity(entry));
  std::erase_if(into, [&](const file_entry& entry) { return overridden.contains(identity(entry)); });
  std::copy_if(later.begin(), later.end(), std::back_inserter(into),
               [](const file_entry& entry) { return !is_about_profiles(entry); });
}

} // namespace

profile_result merge_documents(const environment& variables, const std::string& file_name, const yaml_result& file) {
  profile_result result;
  std::vector<document> documents{with_whole_lists(file_name, file.entries, result.errors)};
  for (const auto& entries : file.further)
    documents.push_back(with_whole_lists(file_name, entries, result.errors));
  const auto active = active_profiles(variables, documents);
  for (const auto& entries : documents) {
    const auto* condition = condition_of(entries);
    if (condition == nullptr) {
      append(result.entries, entries);
      continue;
    }
    const auto where = file_name + ":" + std::to_string(condition->line);
    if (condition->text.find_first_of("&|()") != std::string::npos)
      result.errors.push_back({where, condition->key,
                               "found \"" + printable(condition->text)
                                 + "\", expected names of profiles separated by commas, each with or without !"});
    else if (is_fulfilled(condition->text, active))
      append(result.entries, entries);
    else
      result.warnings.push_back(
        {where, condition->key,
         "the profile " + printable(condition->text) + " is not active, so this document does not apply"});
  }
  return result;
}

} // namespace cm::core::configuration
