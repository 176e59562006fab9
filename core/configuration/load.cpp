#include "core/base/secret.hpp"
#include "core/base/stray_ends.hpp"
#include "core/configuration/configuration.hpp"
#include "core/configuration/files.hpp"
#include "core/configuration/placeholders.hpp"
#include "core/configuration/profiles.hpp"
#include "core/configuration/rules.hpp"
#include "core/configuration/schema.hpp"
#include "core/configuration/sources.hpp"
#include "core/configuration/text.hpp"
#include "core/configuration/yaml_file.hpp"

#include <algorithm>
#include <map>
#include <stdexcept>
#include <utility>

namespace cm::core::configuration {

namespace {

constexpr std::size_t max_unknown_shown = 100;

const property& config_path_row() {
  const auto rows = schema();
  const auto found =
    std::find_if(rows.begin(), rows.end(), [](const property* row) { return row->variables[0] == "APP_CONFIG_PATH"; });
  if (found == rows.end())
    throw std::logic_error("the schema has no APP_CONFIG_PATH");
  return **found;
}

std::string config_path(const environment& variables) {
  const auto& row = config_path_row();
  const auto* set = variables.find(std::string(row.variables[0]));
  return set != nullptr ? *set : std::string(row.default_value);
}

bool is_url(const property& row, std::string_view text) {
  return row.type == value_type::nats_urls || row.type == value_type::jdbc_url || row.type == value_type::web_url
         || text.find("://") != std::string_view::npos || text.starts_with("jdbc:");
}

// The value in a form that may be shown. JVM options can contain passwords, so only -Xmx is shown.
std::string shown(const property& row, const resolved& value) {
  if (value.sensitive)
    return to_string(secret{});
  if (row.type == value_type::java_options) {
    std::string memory;
    for (const auto option : split(value.text, ' ')) {
      if (option.starts_with("-Xmx"))
        memory = printable(option);
    }
    return memory;
  }
  return printable(is_url(row, value.text) ? without_login(value.text) : value.text);
}

std::string found(const property& row, const resolved& value) {
  return value.sensitive ? "found a value that is not shown" : "found \"" + shown(row, value) + "\"";
}

// Turns the gathered sources into settings.
class loader {
public:
  loader(const environment& variables, source_set sources, load_result& into)
    : variables_(variables), sources_(std::move(sources)), resolver_(variables_, sources_), into_(into) {}

  void read_values() {
    for (const auto& c : sources_.candidates) {
      const auto key = c.match.key();
      auto value = resolver_.resolve(c);
      if (!value) {
        report(into_.errors, c, value.error().message);
        sources_.broken.insert(key);
        continue;
      }
      warn_of_secret_in_file(c);
      warn_of_stray_ends(c, value->text);
      if (value->text.empty() && c.match.row->type != value_type::application)
        continue; // an empty value counts as not set
      read_value(c, key, *value);
      if (value->sensitive)
        wipe(value->text);
    }
  }

  void warn_of_unknown() {
    std::size_t count = 0;
    for (const auto& [key, entry] : sources_.unknown) {
      if (resolver_.used().contains(key))
        continue;
      if (++count > max_unknown_shown) {
        into_.warnings.push_back({entry.where, {}, "more unknown keys than are listed here"});
        return;
      }
      const auto near = nearest_key(key);
      into_.warnings.push_back(
        {entry.where, key, near ? "unknown key; did you mean " + *near + "?" : std::string("unknown key")});
    }
  }

  void finish(bool file_was_read) {
    settings value;
    for (const auto* row : schema()) {
      if (row->apply != nullptr && !row->default_value.empty())
        row->apply(value, default_of(*row), {});
    }
    for (const auto* row : schema()) {
      const auto parsed_values = values_.find(row);
      if (row->apply == nullptr || parsed_values == values_.end())
        continue;
      for (const auto& [instance, kept] : parsed_values->second)
        row->apply(value, kept.value, instance);
    }
    derive(value);
    if (file_was_read)
      check(value, sources_, into_.errors, into_.warnings);
    list_effective(value);
    for (auto& c : sources_.candidates) {
      if (c.match.row->masked)
        wipe(c.text);
    }
    if (into_.errors.empty())
      into_.value = std::move(value);
  }

private:
  struct kept_value {
    parsed_value value;
    std::string shown;
    std::string where;
  };

  static parsed_value default_of(const property& row) {
    auto value = parse_value(row, row.default_value);
    if (!value)
      throw std::logic_error("the default of " + std::string(name_of(row)) + " is not valid");
    return std::move(value->value);
  }

  static void report(std::vector<problem>& into, const candidate& c, std::string message) {
    into.push_back({c.where, key_for_reader(c), std::move(message)});
  }

  // The key as the operator wrote it, so that it can be found in the file.
  static std::string key_for_reader(const candidate& c) {
    if (!c.from_file)
      return {};
    return c.written.empty() ? c.match.key() : c.written;
  }

  void warn_of_secret_in_file(const candidate& c) {
    const auto& row = *c.match.row;
    if (!row.belongs_to_secrets || !c.from_file || c.text.empty() || c.text.find("${") != std::string::npos)
      return;
    const auto variable = variables_of(row).front();
    report(into_.warnings, c,
           "belongs in the environment, not in the file: use " + variable + " or " + variable + "_FILE");
  }

  // A value that was copied from a file often ends with the file's line end, and a login with it fails.
  void warn_of_stray_ends(const candidate& c, std::string_view value) {
    const auto& row = *c.match.row;
    if (!row.masked && !row.belongs_to_secrets)
      return;
    if (const auto ends = stray_ends(value); !ends.empty())
      report(into_.warnings, c, "the value " + std::string(ends) + ", which counts as a part of it");
  }

  void read_value(const candidate& c, const std::string& key, const resolved& text) {
    const auto& row = *c.match.row;
    auto value = parse_value(row, text.text);
    if (!value) {
      report(into_.errors, c, found(row, text) + ", expected " + value.error().message);
      sources_.broken.insert(key);
      return;
    }
    for (auto& warning : value->warnings)
      report(into_.warnings, c, std::move(warning));
    check_availability(c, text, value->value);
    values_[&row].emplace(c.match.instance, kept_value{std::move(value->value), shown(row, text), c.where});
  }

  void check_availability(const candidate& c, const resolved& text, const parsed_value& value) {
    const auto& row = *c.match.row;
    if (row.availability == availability::now)
      return;
    if (!row.default_value.empty()) {
      const auto nothing_asked = parse_value(row, row.default_value);
      if (nothing_asked && nothing_asked->value == value)
        return;
    }
    if (row.availability == availability::later_refused)
      report(into_.errors, c,
             found(row, text) + ", expected " + std::string(row.default_value)
               + ": not available in this release, and without it " + std::string(row.unsafe));
    else
      report(into_.warnings, c, found(row, text) + ": not available in this release, and without effect");
  }

  void list_effective(settings& value) const {
    for (const auto* row : schema()) {
      const auto parsed_values = values_.find(row);
      if (row->family != wildcard::none) {
        list_family(*row, value);
      } else if (parsed_values != values_.end()) {
        const auto& kept = parsed_values->second.begin()->second;
        value.effective.push_back({std::string(name_of(*row)), kept.shown, kept.where});
      } else {
        value.effective.push_back({std::string(name_of(*row)),
                                   row->derived != nullptr ? row->derived(value) : std::string(row->default_value),
                                   "default"});
      }
    }
  }

  void list_family(const property& row, settings& value) const {
    bool default_is_replaced = false;
    const std::string_view member = row.type == value_type::log_level ? "root" : "UNKNOWN";
    if (const auto parsed_values = values_.find(&row); parsed_values != values_.end()) {
      for (const auto& [instance, kept] : parsed_values->second) {
        value.effective.push_back({key_match{&row, instance}.key(), kept.shown, kept.where});
        default_is_replaced = default_is_replaced || instance == member;
      }
    }
    if (!default_is_replaced && row.type == value_type::log_level)
      value.effective.push_back({key_match{&row, std::string(member)}.key(), "INFO", "default"});
    if (!default_is_replaced && row.type == value_type::http_status)
      value.effective.push_back({key_match{&row, std::string(member)}.key(), "SERVICE_UNAVAILABLE", "default"});
  }

  const environment& variables_;
  source_set sources_;
  placeholder_resolver resolver_;
  load_result& into_;
  std::map<const property*, std::map<std::string, kept_value>> values_;
};

// The keys of all documents that apply.
std::vector<file_entry> entries_of(const environment& variables, const std::string& file_name, const yaml_result& file,
                                   std::vector<problem>& errors, std::vector<problem>& warnings) {
  auto merged = merge_documents(variables, file_name, file);
  errors.insert(errors.end(), merged.errors.begin(), merged.errors.end());
  warnings.insert(warnings.end(), merged.warnings.begin(), merged.warnings.end());
  return std::move(merged.entries);
}

load_result load_entries(const environment& variables, const std::string& file_name, const yaml_result& file) {
  load_result result;
  result.errors = file.errors;
  const bool file_was_read = file.errors.empty();
  const auto entries = entries_of(variables, file_name, file, result.errors, result.warnings);
  auto sources = gather(variables, file_name, entries, result.errors, result.warnings);
  loader all(variables, std::move(sources), result);
  all.read_values();
  all.warn_of_unknown();
  all.finish(file_was_read);
  warn_of_near_variables(variables, result.warnings);
  return result;
}

} // namespace

load_result load(const environment& variables) {
  const auto path = config_path(variables);
  auto text = read_configuration_file(path);
  if (text) {
    auto result = load_text(variables, path, *text);
    wipe(*text);
    return result;
  }
  yaml_result nothing;
  nothing.errors.push_back({path,
                            {},
                            "cannot be read: " + text.error().message
                              + ", expected a YAML file of at most 1MB (an empty one will do; "
                                "APP_CONFIG_PATH names it)"});
  return load_entries(variables, path, nothing);
}

load_result load_text(const environment& variables, const std::string& file_name, std::string_view yaml) {
  auto file = read_yaml(file_name, yaml);
  const bool broken =
    std::any_of(file.errors.begin(), file.errors.end(), [](const problem& p) { return p.key.empty(); });
  if (broken)
    file = {{}, {}, std::move(file.errors)}; // the keys before a syntax error may not mean what they seem to
  return load_entries(variables, file_name, file);
}

std::string value_of(const environment& variables, std::string_view key) {
  const auto wanted = find_key(key);
  if (!wanted)
    throw std::logic_error("the schema has no " + std::string(key));
  const auto path = config_path(variables);
  yaml_result file;
  if (auto text = read_configuration_file(path)) {
    file = read_yaml(path, *text);
    wipe(*text);
  }
  std::vector<problem> errors;
  std::vector<problem> warnings;
  auto sources = gather(variables, path, entries_of(variables, path, file, errors, warnings), errors, warnings);
  std::string result(wanted->row->default_value);
  if (const auto entry = sources.by_key.find(wanted->key()); entry != sources.by_key.end()) {
    placeholder_resolver resolver(variables, sources);
    const auto found = resolver.resolve(sources.candidates[entry->second]);
    if (found && !found->sensitive && parse_value(*wanted->row, found->text))
      result = found->text;
  }
  for (auto& c : sources.candidates) {
    if (c.match.row->masked)
      wipe(c.text);
  }
  return result;
}

} // namespace cm::core::configuration
