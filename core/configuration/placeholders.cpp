#include "core/configuration/placeholders.hpp"

#include "core/base/text.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <array>
#include <utility>

namespace cm::core::configuration {

namespace {

constexpr std::size_t max_depth = 32;
constexpr std::size_t max_replacements = 1000;
constexpr std::size_t max_bytes = std::size_t{64} * 1024;

// Guesses from the name whether a variable that is not in the schema holds a secret.
bool sounds_secret(std::string_view name) {
  constexpr std::array words{"PASS", "PWD", "SECRET", "TOKEN", "CREDENTIAL", "KEY"};
  const auto upper = to_upper(name);
  return std::any_of(words.begin(), words.end(),
                     [&](const char* word) { return upper.find(word) != std::string::npos; });
}

error fault(std::string message) {
  return make_error(errc::invalid, std::move(message));
}

// The index of the closing brace of the placeholder that begins at `start`, or npos. Plain braces inside of it nest
// too: the default of ${A:{"b":1}} is {"b":1}.
std::size_t end_of(std::string_view text, std::size_t start) {
  std::size_t open = 0;
  for (std::size_t i = start; i < text.size(); ++i) {
    if (text[i] == '{')
      ++open;
    else if (text[i] == '}' && open > 0 && --open == 0)
      return i;
  }
  return std::string_view::npos;
}

// The index of the colon between name and default: the first one outside of nested placeholders.
std::size_t colon_in(std::string_view inside) {
  std::size_t open = 0;
  for (std::size_t i = 0; i < inside.size(); ++i) {
    if (inside[i] == '{')
      ++open;
    else if (inside[i] == '}' && open > 0)
      --open;
    else if (inside[i] == ':' && open == 0)
      return i;
  }
  return std::string_view::npos;
}

std::string replaced(std::string text, char from, char to) {
  std::replace(text.begin(), text.end(), from, to);
  return text;
}

// The environment variables in which Spring looks for a name: as written, with '_' for '.' and '-', the same in upper
// case, and in upper case without '-'. The index of a list element becomes a part: a[0] is A_0.
std::vector<std::string> relaxed_variables(std::string name) {
  std::erase(name, ']');
  name = replaced(std::move(name), '[', '.');
  std::vector<std::string> names;
  for (const auto& spelled : {name, to_upper(name)}) {
    names.push_back(replaced(spelled, '.', '_'));
    names.push_back(replaced(spelled, '-', '_'));
    names.push_back(replaced(replaced(spelled, '.', '_'), '-', '_'));
    names.push_back(spelled);
  }
  auto upper = replaced(to_upper(name), '.', '_');
  std::erase(upper, '-');
  names.push_back(std::move(upper));
  return names;
}

// Kubernetes and Docker describe a service `mariadb` by a variable MARIADB_PORT=tcp://10.0.0.1:3306.
bool describes_service(std::string_view variable, std::string_view text) {
  return variable.ends_with("_PORT") && (text.starts_with("tcp://") || text.starts_with("udp://"));
}

} // namespace

expected<resolved> placeholder_resolver::resolve(const candidate& of) {
  if (of.literal)
    return resolved{of.text, of.match.row->masked};
  replacements_ = 0;
  sensitive_ = of.match.row->masked;
  path_.assign(1, of.match.key());
  auto text = expand(of.text);
  if (!text)
    return text.error();
  return resolved{std::move(*text), sensitive_};
}

expected<std::string> placeholder_resolver::expand(std::string_view text) {
  std::string result;
  while (true) {
    const auto start = text.find("${");
    result += text.substr(0, start);
    if (result.size() > max_bytes)
      return fault("found placeholders that come to more than 64KB, expected less");
    if (start == std::string_view::npos)
      return result;
    const auto end = end_of(text, start);
    if (end == std::string_view::npos)
      return fault("found a placeholder without its closing brace, expected ${NAME} or ${NAME:default}");
    auto value = replace(text.substr(start + 2, end - start - 2));
    if (!value)
      return value;
    result += *value;
    text.remove_prefix(end + 1);
  }
}

expected<std::string> placeholder_resolver::replace(std::string_view inside) {
  if (++replacements_ > max_replacements || path_.size() > max_depth)
    return fault("found too many placeholders inside of one another, expected at most 32 levels and 1000 in all");
  const auto colon = colon_in(inside);
  path_.emplace_back(); // counts as a level: the name may itself contain placeholders
  auto name = expand(inside.substr(0, colon));
  path_.pop_back();
  if (!name)
    return name;
  std::string fallback(colon == std::string_view::npos ? std::string_view{} : inside.substr(colon + 1));
  bool has_fallback = colon != std::string_view::npos;
  // The name may have come from nested placeholders together with its default: ${${X}} where X is a:b.
  if (const auto inner = name->find(':'); inner != std::string::npos) {
    fallback = name->substr(inner + 1) + (has_fallback ? ":" + fallback : std::string{});
    has_fallback = true;
    name->resize(inner);
  }
  expected<std::string> value{std::string{}};
  if (look_up(*name, value))
    return value;
  if (!has_fallback)
    return fault("found the placeholder ${" + printable(*name)
                 + "}, expected the name of an environment variable or key that is set, or ${NAME:default}");
  path_.emplace_back();
  value = expand(fallback);
  path_.pop_back();
  return value;
}

expected<std::string> placeholder_resolver::descend(const std::string& name, std::string_view text) {
  if (std::find(path_.begin(), path_.end(), name) != path_.end())
    return fault("found the placeholder ${" + printable(name) + "}, which leads back to itself, expected no cycle");
  path_.push_back(name);
  auto value = expand(text);
  path_.pop_back();
  return value;
}

void placeholder_resolver::take_variable(const std::string& variable, const std::string& text,
                                         expected<std::string>& into) {
  if (sounds_secret(variable)) {
    sensitive_ = true;
    into = text; // placeholders in secrets from the environment are not replaced
  } else {
    into = descend("environment " + variable, text);
  }
}

bool placeholder_resolver::take_key(const key_match& match, expected<std::string>& into) {
  const auto key = match.key();
  sensitive_ = sensitive_ || match.row->masked;
  if (const auto entry = sources_.by_key.find(key); entry != sources_.by_key.end()) {
    const auto& found = sources_.candidates[entry->second];
    if (found.text.empty() && match.row->default_value.empty())
      return false;
    if (!found.text.empty()) {
      into = found.literal ? expected<std::string>(found.text) : descend(key, found.text);
      return true;
    }
  }
  into = std::string(match.row->default_value);
  return !match.row->default_value.empty();
}

const std::string* placeholder_resolver::find_unknown(const std::string& name) {
  if (const auto exact = sources_.unknown.find(name); exact != sources_.unknown.end())
    return &exact->first;
  if (relaxed_unknown_.empty()) {
    for (const auto& [key, entry] : sources_.unknown)
      relaxed_unknown_.emplace(uniform_key(key), &key);
  }
  const auto found = relaxed_unknown_.find(uniform_key(name));
  return found == relaxed_unknown_.end() ? nullptr : found->second;
}

bool placeholder_resolver::look_up(const std::string& name, expected<std::string>& into) {
  if (const auto* text = variables_.find(name)) {
    take_variable(name, *text, into);
    return true;
  }
  // Before the relaxed search of the environment: a key of the schema has more rules for its variables.
  if (const auto match = find_key(name))
    return take_key(*match, into);
  if (name.size() > max_key_bytes)
    return false;
  for (const auto& variable : relaxed_variables(name)) {
    const auto* text = variables_.find(variable);
    if (text == nullptr || describes_service(variable, *text))
      continue;
    take_variable(variable, *text, into);
    return true;
  }
  if (const auto* key = find_unknown(name)) {
    used_.insert(*key);
    sensitive_ = sensitive_ || sounds_secret(*key);
    into = descend(*key, sources_.unknown.at(*key).text);
    return true;
  }
  return false;
}

} // namespace cm::core::configuration
