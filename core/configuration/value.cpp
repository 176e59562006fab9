#include "core/configuration/value.hpp"

#include "core/base/text.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <limits>
#include <utility>

namespace cm::core::configuration {

namespace {

constexpr std::int64_t kib = 1024;

struct unit {
  std::string_view name;
  std::int64_t factor;
};

// Parses a number with a unit. The unit with an empty name applies to a bare number.
template <std::size_t Count>
std::optional<std::int64_t> parse_quantity(std::string_view text, const std::array<unit, Count>& units) {
  const auto end = std::min(text.find_first_not_of("0123456789"), text.size());
  const auto number = parse_integer(text.substr(0, end));
  const auto name = text.substr(end);
  const auto found = std::find_if(units.begin(), units.end(), [&](const unit& u) { return u.name == name; });
  if (!number || found == units.end() || *number > std::numeric_limits<std::int64_t>::max() / found->factor)
    return std::nullopt;
  return *number * found->factor;
}

// The name of an option without its value, which may be a secret.
std::string option_name(std::string_view option) {
  return std::string(option.substr(0, option.find_first_of("=:", option.starts_with("-XX:") ? 4 : 0)));
}

} // namespace

std::optional<bool> parse_boolean(std::string_view text) {
  const auto word = to_lower(text);
  if (word == "true" || word == "yes" || word == "on" || word == "1")
    return true;
  if (word == "false" || word == "no" || word == "off" || word == "0")
    return false;
  return std::nullopt;
}

std::optional<std::int64_t> parse_integer(std::string_view text) {
  // Leading zeros are refused, because YAML 1.1 parsers would read an octal number.
  if (text.empty() || text.front() == '-' || (text.size() > 1 && text.front() == '0'))
    return std::nullopt;
  return parse_number<std::int64_t>(text);
}

std::optional<std::chrono::milliseconds> parse_duration(std::string_view text) {
  static constexpr std::array<unit, 6> units{
    {{"", 1000}, {"ms", 1}, {"s", 1000}, {"m", 60'000}, {"h", 3'600'000}, {"d", 86'400'000}}};
  const auto ms = parse_quantity(text, units);
  return ms ? std::optional{std::chrono::milliseconds{*ms}} : std::nullopt;
}

std::optional<std::int64_t> parse_size(std::string_view text) {
  static constexpr std::array<unit, 5> units{
    {{"", 1}, {"b", 1}, {"kb", kib}, {"mb", kib * kib}, {"gb", kib * kib * kib}}};
  return parse_quantity(to_lower(text), units);
}

std::string to_text(std::chrono::milliseconds value) {
  static constexpr std::array<unit, 4> units{{{"d", 86'400'000}, {"h", 3'600'000}, {"m", 60'000}, {"s", 1000}}};
  const auto ms = value.count();
  for (const auto& u : units) {
    if (ms != 0 && ms % u.factor == 0)
      return std::to_string(ms / u.factor).append(u.name);
  }
  return ms == 0 ? "0s" : std::to_string(ms) + "ms";
}

std::string size_to_text(std::int64_t bytes) {
  static constexpr std::array<unit, 3> units{{{"GB", kib * kib * kib}, {"MB", kib * kib}, {"KB", kib}}};
  for (const auto& u : units) {
    if (bytes != 0 && bytes % u.factor == 0)
      return std::to_string(bytes / u.factor).append(u.name);
  }
  return std::to_string(bytes);
}

std::optional<std::string> parse_log_level(std::string_view text) {
  using row = std::pair<std::string_view, std::string_view>;
  static constexpr std::array<row, 8> levels{{{"trace", "trace"},
                                              {"debug", "debug"},
                                              {"info", "info"},
                                              {"warn", "warning"},
                                              {"error", "error"},
                                              {"fatal", "critical"},
                                              {"off", "off"},
                                              {"false", "off"}}};
  const auto word = to_lower(text);
  const auto* const found = std::find_if(levels.begin(), levels.end(), [&](const row& r) { return r.first == word; });
  return found == levels.end() ? std::nullopt : std::optional{std::string(found->second)};
}

expected<jvm_options> parse_java_options(std::string_view text) {
  constexpr auto shape = "-Xmx with a size of at least 2 MB, as in -Xmx700m";
  constexpr std::int64_t min_memory = 2 * kib * kib;
  static constexpr std::array<unit, 4> units{{{"", 1}, {"k", kib}, {"m", kib * kib}, {"g", kib * kib * kib}}};
  jvm_options result;
  std::string blanks_only(text);
  std::replace_if(
    blanks_only.begin(), blanks_only.end(), [](char c) { return c == '\t' || c == '\r' || c == '\n'; }, ' ');
  for (const auto option : split(blanks_only, ' ')) {
    if (option.empty())
      continue;
    if (option.starts_with("-Xmx")) {
      result.memory_bytes = parse_quantity(to_lower(option.substr(4)), units);
      if (!result.memory_bytes || *result.memory_bytes < min_memory)
        return make_error(errc::invalid, shape);
    } else if (auto name = option_name(option);
               std::find(result.ignored.begin(), result.ignored.end(), name) == result.ignored.end()) {
      result.ignored.push_back(std::move(name));
    }
  }
  return result;
}

std::string without_login(std::string_view text) {
  constexpr std::string_view cover = "******";
  const auto query = text.find('?');
  const auto parameters = query == std::string_view::npos ? std::string{} : to_lower(text.substr(query));
  std::string result(text);
  if (parameters.find("password") != std::string::npos || parameters.find("user=") != std::string::npos) {
    result = std::string(text.substr(0, query + 1)).append(cover);
  }
  const auto login_end = result.rfind('@');
  if (login_end == std::string::npos)
    return result;
  const auto slashes = result.find("//");
  const auto start = slashes == std::string::npos || slashes > login_end ? 0 : slashes + 2;
  return result.replace(start, login_end - start, cover);
}

} // namespace cm::core::configuration
