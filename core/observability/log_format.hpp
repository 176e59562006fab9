// Renders one log line as text or JSON; escapes untrusted content.
#pragma once

#include "core/base/time.hpp"
#include "core/observability/logging.hpp"

#include <spdlog/formatter.h>

#include <string>
#include <string_view>

namespace cm::core::detail {

/// The parts of a line. `payload` may contain fields that log_fields encoded.
struct log_line {
  timestamp at{};
  std::string_view level;
  std::string_view logger;
  std::string_view payload;
};

/// Appends `2026-11-22T14:17:00.000Z INFO  [cm.http] message [correlationId=…]` without a line end. Control characters
/// (U+0000–U+001F, U+007F–U+009F) and line separators (U+2028, U+2029) are escaped and invalid UTF-8 becomes U+FFFD, so
/// that one event is one line and no content can control a terminal. Field values with characters that are unusual in
/// IDs are quoted.
void append_text(std::string& out, const log_line& line);

/// Appends one JSON object (RFC 8259) with time, level, logger, message and the fields, without a line end.
void append_json(std::string& out, const log_line& line);

/// The marker around encoded fields: 16 random hexadecimal digits and a terminating byte. Constant within a process;
/// random so that log messages cannot contain it by accident or attack.
[[nodiscard]] const std::string& field_marker();

/// Creates the formatter for a sink.
[[nodiscard]] std::unique_ptr<spdlog::formatter> make_formatter(bool json);

} // namespace cm::core::detail
