#include "core/configuration/schema.hpp"

#include "core/base/text.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <map>
#include <utility>

namespace cm::core::configuration {

namespace {

struct family {
  std::string prefix; // in uniform form, with a trailing dot
  std::size_t parts = 0;
  const property* row = nullptr;
};

struct index {
  std::vector<const property*> rows;
  std::map<std::string, const property*, std::less<>> plain;
  std::vector<family> families;
};

index make_index() {
  index result;
  for (const auto group : {process_properties(), server_properties(), connection_properties(), credential_properties(),
                           security_properties()}) {
    for (const auto& row : group)
      result.rows.push_back(&row);
  }
  for (const auto* row : result.rows) {
    if (row->family != wildcard::none) {
      result.families.push_back({uniform_key(row->key) + ".", split(row->key, '.').size(), row});
    } else if (!row->key.empty()) {
      result.plain.emplace(uniform_key(row->key), row);
      if (!row->aliases[0].empty())
        result.plain.emplace(uniform_key(row->aliases[0]), row);
    }
  }
  return result;
}

const index& the_index() {
  static const index instance = make_index();
  return instance;
}

// The rest of a dotted key after its first `parts` parts; empty if there is none.
std::string_view after_parts(std::string_view key, std::size_t parts) {
  for (; parts > 0; --parts) {
    const auto dot = key.find('.');
    if (dot == std::string_view::npos)
      return {};
    key.remove_prefix(dot + 1);
  }
  return key;
}

std::string canonical_instance(const property& row, std::string_view written) {
  if (row.type == value_type::http_status) {
    auto status = to_upper(written);
    std::replace(status.begin(), status.end(), '-', '_');
    return status;
  }
  if (row.type == value_type::log_level && to_lower(written) == "root")
    return "root";
  return std::string(written);
}

// Appends the variables that set a key: in upper case, and named like the key itself.
void add_variables(std::vector<std::string>& into, std::string_view key) {
  const auto add = [&](std::string name) {
    if (std::find(into.begin(), into.end(), name) == into.end())
      into.push_back(std::move(name));
  };
  if (key.empty())
    return;
  auto name = to_upper(key);
  std::replace(name.begin(), name.end(), '.', '_');
  auto without = name;
  std::erase(without, '-');
  std::replace(name.begin(), name.end(), '-', '_');
  add(std::move(name));
  add(std::move(without));
  add(std::string(key));
}

} // namespace

std::string uniform_key(std::string_view key) {
  auto result = to_lower(key);
  std::erase_if(result, [](char c) { return c == '-' || c == '_'; });
  return result;
}

std::span<const property* const> schema() {
  return the_index().rows;
}

std::string key_match::key() const {
  const std::string name(name_of(*row));
  return instance.empty() ? name : name + "." + instance;
}

std::optional<key_match> find_key(std::string_view written) {
  const auto form = uniform_key(written);
  if (const auto found = the_index().plain.find(form); found != the_index().plain.end())
    return key_match{found->second, {}};
  for (const auto& [prefix, parts, row] : the_index().families) {
    const auto rest = after_parts(written, parts);
    if (!form.starts_with(prefix) || rest.empty())
      continue;
    if (row->family == wildcard::one_part && rest.find('.') != std::string_view::npos)
      continue;
    return key_match{row, canonical_instance(*row, rest)};
  }
  return std::nullopt;
}

bool is_alias(std::string_view written, const property& row) {
  return !row.aliases[0].empty() && uniform_key(written) == uniform_key(row.aliases[0]);
}

bool is_beginning_of_key(std::string_view written) {
  const auto beginning = uniform_key(written) + ".";
  const auto& [rows, plain, families] = the_index();
  const auto next = plain.lower_bound(beginning);
  return (next != plain.end() && next->first.starts_with(beginning))
         || std::any_of(families.begin(), families.end(),
                        [&](const family& f) { return f.prefix.starts_with(beginning); });
}

std::optional<std::string> nearest_key(std::string_view unknown) {
  const auto form = uniform_key(unknown);
  std::size_t best = std::max<std::size_t>(1, std::min<std::size_t>(4, form.size() / 4)) + 1;
  std::optional<std::string> result;
  const auto consider = [&](std::string_view candidate, std::string_view against, const auto& name) {
    // A key with its first parts missing counts like one with a single wrong character.
    const bool misplaced = candidate.size() > against.size() + 1 && candidate.ends_with(against)
                           && candidate[candidate.size() - against.size() - 1] == '.' && against.size() > 3;
    const auto distance = misplaced ? 1 : edit_distance(against, candidate, best);
    if (distance < best) {
      best = distance;
      result = name();
    }
  };
  for (const auto& [candidate, row] : the_index().plain)
    consider(candidate, form, [key = row->key] { return std::string(key); });
  for (const auto& [prefix, parts, row] : the_index().families) {
    const auto rest = after_parts(unknown, parts);
    if (rest.empty())
      continue;
    const auto written = form.substr(0, form.size() - uniform_key(rest).size());
    consider(prefix, written, [key = row->key, rest] { return std::string(key) + "." + std::string(rest); });
  }
  return result;
}

std::vector<std::string> variables_of(const property& row) {
  std::vector<std::string> result;
  if (row.family != wildcard::none)
    return result;
  for (const auto variable : row.variables) {
    if (!variable.empty())
      result.emplace_back(variable);
  }
  add_variables(result, row.key);
  return result;
}

std::vector<std::string> variables_of_alias(const property& row) {
  std::vector<std::string> result;
  add_variables(result, row.aliases[0]);
  return result;
}

std::string variable_prefix_of(const property& row) {
  // Other families have none: a variable cannot distinguish all characters of application names and scopes.
  if (row.type != value_type::http_status && row.type != value_type::log_level)
    return {};
  auto name = to_upper(row.key) + "_";
  std::replace(name.begin(), name.end(), '.', '_');
  return name;
}

std::string instance_of_variable(const property& row, std::string_view rest) {
  if (row.type == value_type::http_status)
    return canonical_instance(row, rest);
  auto logger = to_lower(rest);
  std::replace(logger.begin(), logger.end(), '_', '.');
  return logger;
}

} // namespace cm::core::configuration
