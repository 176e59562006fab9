// Renders one log line as text or JSON, safely whatever is in it.
#pragma once

#include "core/base/time.hpp"
#include "core/observability/logging.hpp"

#include <spdlog/formatter.h>

#include <string>
#include <string_view>

namespace cm::core::detail {

/// The line as its parts; `payload` may end with what log_fields encoded.
struct log_line {
  timestamp at{};
  std::string_view level;
  std::string_view logger;
  std::string_view payload;
};

/// `2026-11-22T14:17:00.000Z INFO  [cm.http] message [correlationId=…]`, without the end of line. Control characters
/// (U+0000–U+001F, U+007F–U+009F) and line separators (U+2028, U+2029) appear escaped, invalid UTF-8 as U+FFFD: one
/// event is one line, and a terminal obeys none of it. Field values with other characters than those of usual IDs
/// are quoted.
void append_text(std::string& out, const log_line& line);

/// One JSON object (RFC 8259): time, level, logger, message and the fields; without the end of line.
void append_json(std::string& out, const log_line& line);

/// Marks the beginning of encoded fields: 16 random hexadecimal digits and a byte that ends them. Made once a process.
[[nodiscard]] const std::string& field_marker();

/// The formatter to give to a sink.
[[nodiscard]] std::unique_ptr<spdlog::formatter> make_formatter(bool json);

} // namespace cm::core::detail
