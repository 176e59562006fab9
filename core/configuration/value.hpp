// The types that a configuration value can have, and how each is read from text.
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
  instance_name, ///< a part of a NATS subject
  path,          ///< a file that may come later
  readable_file, ///< a file that must be there
  web_url,
  nats_urls,
  jdbc_url,
  java_options,
  application, ///< nothing: the key says it all
};

/// What nats.urls comes to.
struct nats_servers {
  std::vector<std::string> urls; ///< scheme://host:port, no login
  std::string username;          ///< of the URLs, empty where there is none
  secret password;

  friend bool operator==(const nats_servers&, const nats_servers&) = default;
};

/// What JAVA_OPTIONS comes to.
struct java_options {
  std::optional<std::int64_t> memory_bytes; ///< the last -Xmx
  std::vector<std::string> ignored;         ///< names of the others, without their values, each once

  friend bool operator==(const java_options&, const java_options&) = default;
};

using parsed_value = std::variant<std::monostate, bool, std::int64_t, std::chrono::milliseconds, std::string, secret,
                                  nats_servers, core::jdbc_url, java_options>;

struct parsed {
  parsed_value value;
  std::vector<std::string> warnings;
};

/// true/false, yes/no, on/off, 1/0 in any case, as Spring reads them.
[[nodiscard]] std::optional<bool> parse_boolean(std::string_view text);

/// A decimal whole number without sign, spaces or leading zeros.
[[nodiscard]] std::optional<std::int64_t> parse_integer(std::string_view text);

/// `500ms`, `10s`, `5m`, `1h`, `7d`; a bare number is seconds. Nothing where it does not fit.
[[nodiscard]] std::optional<std::chrono::milliseconds> parse_duration(std::string_view text);

/// `512KB`, `64MB`, `1GB` (powers of 1024, either case), `B` or a bare number is bytes.
[[nodiscard]] std::optional<std::int64_t> parse_size(std::string_view text);

/// The shortest way to write a duration that parse_duration reads back.
[[nodiscard]] std::string to_text(std::chrono::milliseconds value);

/// The shortest way to write a size that parse_size reads back.
[[nodiscard]] std::string size_to_text(std::int64_t bytes);

/// A level's name in spdlog's spelling, from Spring's (TRACE, DEBUG, INFO, WARN, ERROR, FATAL, OFF) in any case.
/// `false` is OFF too: that is what a YAML 1.1 reader makes of it.
[[nodiscard]] std::optional<std::string> parse_log_level(std::string_view text);

/// An HTTP status from 200 to 599 by number or by its name in Spring's HttpStatus (`SERVICE_UNAVAILABLE`).
[[nodiscard]] std::optional<int> parse_http_status(std::string_view text);

/// Comma-separated `nats://` and `tls://` URLs. A login in them is taken out; all that have one must agree.
[[nodiscard]] expected<nats_servers> parse_nats_urls(std::string_view text);

/// Options of a Java machine, separated by blanks.
[[nodiscard]] expected<java_options> parse_java_options(std::string_view text);

/// The value as it may be shown: what could be a login in a URL is covered.
[[nodiscard]] std::string without_login(std::string_view text);

} // namespace cm::core::configuration
