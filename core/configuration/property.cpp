#include "core/configuration/property.hpp"

#include "core/base/text.hpp"
#include "core/configuration/files.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>
#include <utility>

namespace cm::core::configuration {

namespace {

constexpr std::size_t max_instance_name_length = 128;

// The name becomes a token of NATS subjects, so it has no dots and wildcards, and a queue group, so it has no spaces.
bool is_instance_name(std::string_view text) {
  return !text.empty() && text.size() <= max_instance_name_length && std::all_of(text.begin(), text.end(), [](char c) {
    return c > ' ' && c < '\x7f' && c != '.' && c != '*' && c != '>';
  });
}

bool is_web_url(std::string_view text) {
  const auto scheme = to_lower(text.substr(0, 8));
  const std::size_t start = scheme.starts_with("http://") ? 7 : scheme == "https://" ? 8 : 0;
  return start != 0 && text.size() > start && text[start] != '/'
         && std::all_of(text.begin(), text.end(), [](char c) { return c > ' ' && c != '\x7f'; });
}

std::optional<std::string> parse_listen_address(std::string_view text) {
  if (text.starts_with('[') && text.ends_with(']'))
    text = text.substr(1, text.size() - 2);
  if (text == "0.0.0.0" || text == "*" || text == "::" || text == "0:0:0:0:0:0:0:0")
    return "0.0.0.0";
  return is_host_name(text) || is_ipv6_address(text) ? std::optional{std::string(text)} : std::nullopt;
}

// The bounds as text; empty if the value is unbounded.
std::string range(const property& row, std::string (*show)(std::int64_t)) {
  if (row.max_value == std::numeric_limits<std::int64_t>::max())
    return row.min_value == 0 ? std::string{} : " of at least " + show(row.min_value);
  return " from " + show(row.min_value) + " to " + show(row.max_value);
}

std::string show_duration(std::int64_t ms) {
  return to_text(std::chrono::milliseconds{ms});
}

bool within(const property& row, std::int64_t value) {
  return value >= row.min_value && value <= row.max_value;
}

expected<parsed> wrong(const property& row) {
  return make_error(errc::invalid, expectation(row));
}

template <class T>
expected<parsed> result(const property& row, std::optional<T> value) {
  if (!value)
    return wrong(row);
  return parsed{std::move(*value), {}};
}

std::optional<std::int64_t> bounded(const property& row, std::optional<std::int64_t> value) {
  return value && within(row, *value) ? value : std::nullopt;
}

expected<parsed> parse_file(const property& row, std::string_view text) {
  const std::string path(text);
  if (const auto fault = why_not_readable(path))
    return make_error(errc::invalid, expectation(row) + " (" + *fault + ")");
  return parsed{path, {}};
}

expected<parsed> parse_jdbc(std::string_view text) {
  auto url = parse_jdbc_url(text);
  if (!url)
    return url.error();
  if (!url->tls_ca_file.empty()) {
    if (const auto fault = why_not_readable(url->tls_ca_file))
      return make_error(errc::invalid, "serverSslCert to be the path of a readable PEM file (" + *fault + ")");
  }
  auto warnings = std::exchange(url->warnings, {});
  return parsed{std::move(*url), std::move(warnings)};
}

expected<parsed> parse_nats(std::string_view text) {
  auto servers = parse_nats_urls(text);
  if (!servers)
    return servers.error();
  std::vector<std::string> warnings;
  if (!servers->username.empty())
    warnings.emplace_back("the URL contains a login; use NATS_USERNAME and NATS_PASSWORD instead");
  return parsed{std::move(*servers), std::move(warnings)};
}

expected<parsed> parse_options(std::string_view text) {
  auto options = parse_java_options(text);
  if (!options)
    return options.error();
  std::vector<std::string> warnings;
  if (!options->ignored.empty()) {
    std::string names;
    for (const auto& name : options->ignored)
      names += (names.empty() ? "" : ", ") + name;
    warnings.push_back("only -Xmx has an effect; ignored: " + names);
  }
  return parsed{std::move(*options), std::move(warnings)};
}

expected<parsed> parse_choice(const property& row, std::string_view text) {
  const auto word = to_lower(text);
  if (word.empty() || std::find(row.choices.begin(), row.choices.end(), word) == row.choices.end())
    return wrong(row);
  return parsed{word, {}};
}

expected<parsed> parse_plain(const property& row, std::string_view text) {
  // C libraries would truncate the text at a zero byte.
  if (text.find('\0') != std::string_view::npos)
    return make_error(errc::invalid, "text without a zero byte");
  if (row.masked)
    return parsed{secret(std::string(text)), {}};
  return parsed{std::string(text), {}};
}

} // namespace

std::string_view name_of(const property& row) {
  return row.key.empty() ? row.variables[0] : row.key;
}

std::string expectation(const property& row) {
  switch (row.type) {
  case value_type::boolean:
    return "true or false";
  case value_type::port:
    return "a port number from 1 to 65535";
  case value_type::integer:
    return "a whole number" + range(row, [](std::int64_t n) { return std::to_string(n); });
  case value_type::duration:
    return "a duration" + range(row, show_duration) + ", written as 500ms, 10s, 5m, 1h or 7d";
  case value_type::size:
    return "a size" + range(row, size_to_text) + ", written as 512KB, 64MB, 1GB or a number of bytes";
  case value_type::choice: {
    std::string words;
    for (const auto choice : row.choices) {
      if (!choice.empty())
        words += (words.empty() ? "" : " or ") + std::string(choice);
    }
    return words;
  }
  case value_type::log_level:
    return "one of TRACE, DEBUG, INFO, WARN, ERROR, OFF";
  case value_type::http_status:
    return "an HTTP status from 200 to 599 by name or number, as SERVICE_UNAVAILABLE or 503";
  case value_type::instance_name:
    return "1 to 128 visible ASCII characters without '.', '*' and '>' (it becomes part of NATS subjects)";
  case value_type::readable_file:
    return "the path of a readable file";
  case value_type::web_url:
    return "an http:// or https:// URL";
  case value_type::listen_address:
    return "an IP address or a host name";
  case value_type::text:
  case value_type::path:
  case value_type::nats_urls:
  case value_type::jdbc_url:
  case value_type::java_options:
  case value_type::application:
    break;
  }
  return "text";
}

expected<parsed> parse_value(const property& row, std::string_view text) {
  const auto word = trimmed(text);
  switch (row.type) {
  case value_type::boolean:
    return result(row, parse_boolean(word));
  case value_type::port: {
    const auto number = parse_integer(word);
    return result(row, number && *number >= 1 && *number <= 65535 ? number : std::nullopt);
  }
  case value_type::integer:
    return result(row, bounded(row, parse_integer(word)));
  case value_type::size:
    return result(row, bounded(row, parse_size(word)));
  case value_type::duration: {
    const auto value = parse_duration(word);
    return result(row, value && within(row, value->count()) ? value : std::nullopt);
  }
  case value_type::choice:
    return parse_choice(row, word);
  case value_type::log_level:
    return result(row, parse_log_level(word));
  case value_type::http_status: {
    const auto status = parse_http_status(word);
    return result(row, status ? std::optional<std::int64_t>{*status} : std::nullopt);
  }
  case value_type::instance_name:
    return result(row, is_instance_name(word) ? std::optional{std::string(word)} : std::nullopt);
  case value_type::readable_file:
    return parse_file(row, text);
  case value_type::web_url:
    return result(row, is_web_url(word) ? std::optional{std::string(word)} : std::nullopt);
  case value_type::listen_address:
    return result(row, parse_listen_address(word));
  case value_type::nats_urls:
    return parse_nats(word);
  case value_type::jdbc_url:
    return parse_jdbc(word);
  case value_type::java_options:
    return parse_options(word);
  case value_type::application:
    return parsed{};
  case value_type::text:
  case value_type::path:
    break;
  }
  return parse_plain(row, text);
}

} // namespace cm::core::configuration
