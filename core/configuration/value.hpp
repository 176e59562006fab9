// The types of configuration values and their parsers. All functions are thread-safe.
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/configuration/jdbc_url.hpp"

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>
#include <vector>

namespace cm::core::configuration {

enum class value_type : std::uint8_t {
  text,
  boolean,
  port,
  integer,
  duration,
  size,
  choice,
  log_level,
  http_status,
  instance_name, ///< a token of a NATS subject
  path,          ///< a file that need not exist at start
  readable_file, ///< a file that must exist at start
  web_url,
  listen_address, ///< an IP address or host name; every form of "all addresses" is "0.0.0.0"
  nats_urls,
  jdbc_url,
  java_options,
  application, ///< no value: the key contains all information
};

/// The parsed value of nats.urls.
struct nats_servers {
  std::vector<std::string> urls; ///< scheme://host:port, no login
  std::string username;          ///< from the URLs; empty if they have none
  secret password;

  friend bool operator==(const nats_servers&, const nats_servers&) = default;
};

/// The parsed value of JAVA_OPTIONS.
struct jvm_options {
  std::optional<std::int64_t> memory_bytes; ///< from the last -Xmx
  std::vector<std::string> ignored;         ///< names of all other options without their values and duplicates

  friend bool operator==(const jvm_options&, const jvm_options&) = default;
};

using parsed_value = std::variant<std::monostate, bool, std::int64_t, std::chrono::milliseconds, std::string, secret,
                                  nats_servers, core::jdbc_url, jvm_options>;

struct parsed {
  parsed_value value;
  std::vector<std::string> warnings;
};

/// Parses true/false, yes/no, on/off, 1/0 in any case, like Spring.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

/// Parses a decimal whole number without sign, spaces or leading zeros.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

/// Parses `500ms`, `10s`, `5m`, `1h`, `7d`; a bare number is seconds. Empty if malformed or out of range.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// Parses `512KB`, `64MB`, `1GB` (powers of 1024, either case); `B` or a bare number is bytes. Empty if malformed or
/// out of range.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

/// The shortest text from which parse_duration returns the same value.
[[nodiscard]] std::string to_text(std::chrono::milliseconds value);

/// The shortest text from which parse_size returns the same value.
[[nodiscard]] std::string size_to_text(std::int64_t bytes);

/// Converts a level from Spring's names (TRACE, DEBUG, INFO, WARN, ERROR, FATAL, OFF, in any case) to spdlog's. `false`
/// is OFF too, because a YAML 1.1 parser turns an unquoted OFF into false.
[[nodiscard]] std::optional<std::string> parse_log_level(std::string_view text);

/// Parses an HTTP status from 200 to 599: a number, or a name of Spring's HttpStatus (`SERVICE_UNAVAILABLE`).
[[nodiscard]] std::optional<int> parse_http_status(std::string_view text);

/// Parses comma-separated `nats://` and `tls://` URLs. Skips empty items; a missing scheme means `nats://`. Separates
/// the login from the URLs and decodes its percent encoding; all URLs with a login must have the same one.
[[nodiscard]] expected<nats_servers> parse_nats_urls(std::string_view text);

/// Parses JVM options, separated by spaces.
[[nodiscard]] expected<jvm_options> parse_java_options(std::string_view text);

/// The text with everything masked that could be a login in a URL.
[[nodiscard]] std::string without_login(std::string_view text);

} // namespace cm::core::configuration
