#include "core/configuration/sources.hpp"

#include "core/base/identifiers.hpp"
#include "core/base/text.hpp"
#include "core/configuration/files.hpp"
#include "core/configuration/indexed_keys.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>

namespace cm::core::configuration {

namespace {

std::string variable_location(const std::string& name) {
  return "environment " + name;
}

// Reports a value where the schema only allows nested keys, and the reverse; empty if the shape is valid.
std::optional<std::string> wrong_shape(const file_entry& entry, const std::optional<key_match>& match) {
  using kind = file_entry::kind;
  if (!match) {
    if (entry.shape != kind::nothing && is_beginning_of_key(entry.key))
      return "found a value, expected keys below this one";
    return std::nullopt;
  }
  const auto& row = *match->row;
  if (row.family == wildcard::application) {
    const auto parts = split(match->instance, '.');
    if (parts.size() < 3 && entry.shape != kind::nothing && !(parts.size() == 2 && entry.shape == kind::list))
      return "found a value, expected kaa.applications.<app>.versions.<version>";
    return std::nullopt;
  }
  if (entry.shape == kind::nested || (entry.shape == kind::list && row.type != value_type::nats_urls))
    return "found a list, expected " + (row.type == value_type::nats_urls ? "URLs" : expectation(row));
  return std::nullopt;
}

class gatherer {
public:
  gatherer(std::vector<problem>& errors, std::vector<problem>& warnings) : errors_(errors), warnings_(warnings) {}

  void read_file(const std::string& file_name, const std::vector<file_entry>& entries) {
    for (const auto& entry : entries) {
      const auto where = file_name + ":" + std::to_string(entry.line);
      auto match = find_key(entry.key);
      if (auto fault = wrong_shape(entry, match)) {
        errors_.push_back({where, entry.key, std::move(*fault)});
        if (match)
          result_.broken.insert(match->key());
        continue;
      }
      const bool alias = match && is_alias(entry.key, *match->row);
      if (!note_line(!match ? entry.key : alias ? std::string(match->row->aliases[0]) : match->key(), entry, where))
        continue;
      if (!match) {
        if (!is_beginning_of_key(entry.key))
          result_.unknown.emplace(entry.key, unknown_entry{entry.text, where});
        continue;
      }
      if (match->row->family == wildcard::application)
        add_application(*match, entry, where);
      else
        result_.candidates.push_back({std::move(*match), entry.text, where, true, false, entry.key, alias});
    }
  }

  void read_environment(const environment& variables) {
    for (const auto* row : schema()) {
      if (const auto prefix = variable_prefix_of(*row); !prefix.empty())
        read_family(*row, prefix, variables);
      else if (row->family == wildcard::none)
        read_row(*row, variables);
    }
  }

  source_set finish() {
    drop_aliases();
    // The environment overrides the file.
    std::set<std::string> in_environment;
    for (const auto& c : result_.candidates) {
      if (!c.from_file)
        in_environment.insert(c.match.key());
    }
    std::erase_if(result_.candidates, [&](const candidate& c) {
      return c.from_file && (in_environment.contains(c.match.key()) || result_.broken.contains(c.match.key()));
    });
    for (std::size_t i = 0; i < result_.candidates.size(); ++i)
      result_.by_key.emplace(result_.candidates[i].match.key(), i);
    return std::move(result_);
  }

private:
  // Drops the aliases of keys that are set themselves, with a warning.
  void drop_aliases() {
    std::map<std::string, std::string> set; // key -> where
    for (const auto& c : result_.candidates) {
      if (!c.alias && !c.text.empty())
        set.emplace(c.match.key(), c.where);
    }
    std::erase_if(result_.candidates, [&](const candidate& c) {
      const auto key = c.alias ? set.find(c.match.key()) : set.end();
      if (key == set.end())
        return false;
      warnings_.push_back(
        {c.where, c.written, "without effect, because " + key->first + " is set (" + key->second + ")"});
      return true;
    });
    // An empty key must not take the place of its alias.
    std::erase_if(result_.candidates,
                  [&](const candidate& c) { return !c.alias && c.text.empty() && !c.match.row->aliases[0].empty(); });
  }

  // Records the line of a key. If the file has the key already, reports an error and returns false.
  bool note_line(const std::string& key, const file_entry& entry, const std::string& where) {
    const auto [known, inserted] = lines_.emplace(key, entry.line);
    if (inserted)
      return true;
    errors_.push_back(
      {where, entry.key, "found twice, first in line " + std::to_string(known->second) + ", expected once"});
    return false;
  }

  // The versions may be a list. Keys below a version belong to other services and are ignored.
  void add_application(const key_match& match, const file_entry& entry, const std::string& where) {
    const auto parts = split(match.instance, '.');
    if (!is_application_name_here(parts[0], entry, where))
      return;
    if (parts.size() == 1 || (parts.size() == 2 && parts[1] == "versions" && entry.shape != file_entry::kind::list)) {
      result_.candidates.push_back({{match.row, std::string(parts[0])}, {}, where, true, true});
      return;
    }
    if (parts[1] != "versions") {
      result_.candidates.push_back({{match.row, std::string(parts[0])}, {}, where, true, true});
      warnings_.push_back(
        {where, entry.key, "unknown key; did you mean kaa.applications." + std::string(parts[0]) + ".versions?"});
      return;
    }
    std::vector<std::string_view> versions;
    if (parts.size() == 2)
      versions = split(entry.text, ',');
    else
      versions.push_back(parts[2]);
    for (const auto version : versions) {
      if (is_application_name_here(trimmed(version), entry, where))
        add_version(match, std::string(parts[0]) + ".versions." + std::string(trimmed(version)), where);
    }
  }

  void add_version(const key_match& match, std::string instance, const std::string& where) {
    if (versions_.insert(instance).second)
      result_.candidates.push_back({{match.row, std::move(instance)}, {}, where, true, true});
  }

  bool is_application_name_here(std::string_view name, const file_entry& entry, const std::string& where) {
    if (is_application_name(name))
      return true;
    errors_.push_back(
      {where, entry.key,
       "found \"" + printable(name) + "\", expected a name of lower-case letters, digits, '-' and '_'"});
    return false;
  }

  void read_family(const property& row, const std::string& prefix, const environment& variables) {
    const auto& all = variables.variables();
    for (auto variable = all.lower_bound(prefix); variable != all.end() && variable->first.starts_with(prefix);
         ++variable) {
      if (variable->first.size() == prefix.size() || variable->second.empty())
        continue;
      const std::string_view rest = std::string_view(variable->first).substr(prefix.size());
      result_.candidates.push_back(
        {{&row, instance_of_variable(row, rest)}, variable->second, variable_location(variable->first), false, false});
    }
  }

  void read_row(const property& row, const environment& variables) {
    read_names(row, variables, variables_of(row), false);
    if (!row.aliases[0].empty())
      read_names(row, variables, variables_of_alias(row), true);
  }

  void read_names(const property& row, const environment& variables, const std::vector<std::string>& names,
                  bool alias) {
    std::optional<std::string> variable;
    std::optional<std::string> file;
    for (const auto& name : names) {
      if (!choose(row, variable, name, variables)
          || (row.file_variable && !choose(row, file, name + "_FILE", variables)))
        return;
    }
    if (variable && file) {
      broken(row, variable_location(*variable), "set together with " + *file + ", expected one of the two");
    } else if (file) {
      read_secret(row, *file, *variables.find(*file));
    } else if (variable) {
      const auto& text = *variables.find(*variable);
      if (row.type == value_type::port && (text.starts_with("tcp://") || text.starts_with("udp://")))
        warnings_.push_back(
          {variable_location(*variable), {}, "ignored: it describes a Kubernetes service, not a port"});
      else
        result_.candidates.push_back({{&row, {}}, text, variable_location(*variable), false, row.masked, {}, alias});
    } else if (row.type == value_type::nats_urls) {
      read_list(row, variables);
    }
  }

  void read_list(const property& row, const environment& variables) {
    for (const auto& name : variables_of(row)) {
      auto text = list_from_variables(variables, name);
      if (text.empty())
        continue;
      result_.candidates.push_back({{&row, {}}, std::move(text), variable_location(name + "_0"), false, row.masked});
      return;
    }
  }

  // Selects the variable among its spellings. If several are set, their values must be equal.
  bool choose(const property& row, std::optional<std::string>& chosen, const std::string& name,
              const environment& variables) {
    const auto* text = variables.find(name);
    if (text == nullptr)
      return true;
    if (chosen && *variables.find(*chosen) != *text) {
      broken(row, variable_location(name),
             "set to another value than " + *chosen
               + ", which means the same; expected one "
                 "value");
      return false;
    }
    if (!chosen)
      chosen = name;
    return true;
  }

  void read_secret(const property& row, const std::string& variable, const std::string& path) {
    auto text = read_secret_file(path);
    if (!text) {
      broken(row, variable_location(variable),
             "\"" + printable(path) + "\" " + text.error().message + ", expected a readable file of at most 64KB");
      return;
    }
    result_.candidates.push_back(
      {{&row, {}}, std::move(*text), variable_location(variable) + " (" + printable(path) + ")", false, true});
  }

  void broken(const property& row, std::string where, std::string message) {
    errors_.push_back({std::move(where), {}, std::move(message)});
    result_.broken.insert(std::string(name_of(row)));
  }

  std::vector<problem>& errors_;
  std::vector<problem>& warnings_;
  source_set result_;
  std::map<std::string, std::size_t> lines_;
  std::set<std::string> versions_;
};

} // namespace

source_set gather(const environment& variables, const std::string& file_name, const std::vector<file_entry>& entries,
                  std::vector<problem>& errors, std::vector<problem>& warnings) {
  gatherer all(errors, warnings);
  all.read_file(file_name, entries);
  all.read_environment(variables);
  return all.finish();
}

void warn_of_near_variables(const environment& variables, std::vector<problem>& warnings) {
  // Only with a prefix that is specific to CM: an environment has many variables of other programs.
  constexpr std::array<std::string_view, 8> beginnings{"KAA_CM_", "KAA_ECAP_", "KAA_LICENSE_", "SPRING_DATASOURCE_",
                                                       "NATS_",   "MARIADB_",  "MANAGEMENT_",  "JMX_"};
  constexpr std::size_t near = 2;
  std::set<std::string> known;
  for (const auto* row : schema()) {
    for (const auto& name : variables_of(*row)) {
      known.insert(name);
      if (row->file_variable)
        known.insert(name + "_FILE");
    }
    for (auto& name : variables_of_alias(*row))
      known.insert(std::move(name));
  }
  for (const auto& [name, value] : variables.variables()) {
    const std::string_view text = name;
    if (known.contains(name) || name.size() > 64 || name.starts_with("NATS_URLS_")
        || std::none_of(beginnings.begin(), beginnings.end(), [&](auto b) { return text.starts_with(b); }))
      continue;
    std::size_t best = near + 1;
    const std::string* meant = nullptr;
    for (const auto& candidate : known) {
      const auto distance = edit_distance(name, candidate, near);
      if (distance < best) {
        best = distance;
        meant = &candidate;
      }
    }
    if (meant != nullptr)
      warnings.push_back({variable_location(printable(name)), {}, "unknown variable; did you mean " + *meant + "?"});
  }
}

} // namespace cm::core::configuration
