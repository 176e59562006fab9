#include "core/observability/log_format.hpp"

#include "core/base/text.hpp"

#include <sodium.h>

#include <array>
#include <optional>
#include <vector>

namespace cm::core {

namespace {

constexpr bool must_be_escaped(std::uint32_t c) noexcept {
  return is_control(c) || c == 0x2028U || c == 0x2029U;
}

/// @param quoted whether the text is inside double quotes, as every text in JSON is.
void append_safe(std::string& out, std::string_view text, bool quoted) {
  while (!text.empty()) {
    std::size_t length = 0;
    const auto code_point = next_code_point(text, length);
    if (code_point == malformed) {
      out += replacement_character;
      length = 1;
    } else if (must_be_escaped(code_point) || (quoted && (code_point == '"' || code_point == '\\'))) {
      append_json_escape(out, code_point);
    } else {
      out += text.substr(0, length);
    }
    text.remove_prefix(length);
  }
}

void append_string(std::string& out, std::string_view text) {
  out += '"';
  append_safe(out, text, true);
  out += '"';
}

bool is_plain(std::string_view text) noexcept {
  for (const char c : text) {
    if (!is_letter_or_digit(c) && std::string_view{"-._~:/@+,"}.find(c) == std::string_view::npos)
      return false;
  }
  return true;
}

// The encoding of fields: the marker; each part as its decimal length, a colon, and its bytes; the marker again. Names
// and values alternate. Only log_fields writes the marker, so text between two markers is well-formed.

void append_part(std::string& out, std::string_view part) {
  out += std::to_string(part.size());
  out += ':';
  out += part;
}

std::optional<std::string_view> take_part(std::string_view& rest) noexcept {
  const auto colon = rest.find(':');
  const auto length = parse_number<std::size_t>(rest.substr(0, colon));
  if (!length || colon == std::string_view::npos)
    return std::nullopt;
  rest.remove_prefix(colon + 1);
  if (rest.size() < *length)
    return std::nullopt;
  const auto part = rest.substr(0, *length);
  rest.remove_prefix(*length);
  return part;
}

struct parsed_payload {
  std::vector<std::string_view> texts; ///< the message: more than one piece if it surrounds fields
  std::vector<log_field> fields;
};

parsed_payload parse(std::string_view rest) {
  const std::string_view marker = detail::field_marker();
  parsed_payload parsed;
  for (;;) {
    const auto position = rest.find(marker);
    parsed.texts.push_back(rest.substr(0, position));
    if (position == std::string_view::npos)
      return parsed;
    rest.remove_prefix(position + marker.size());
    while (!rest.starts_with(marker)) {
      const auto name = take_part(rest);
      const auto value = name ? take_part(rest) : std::nullopt;
      if (!value)
        return parsed; // truncated, for example by the format {:.20}
      parsed.fields.push_back({*name, *value});
    }
    rest.remove_prefix(marker.size());
  }
}

class line_formatter final : public spdlog::formatter {
public:
  explicit line_formatter(bool json) : json_(json) {}

  void format(const spdlog::details::log_msg& msg, spdlog::memory_buf_t& dest) override {
    constexpr std::array<std::string_view, spdlog::level::n_levels> levels{"TRACE", "DEBUG",    "INFO", "WARN",
                                                                           "ERROR", "CRITICAL", "OFF"};
    const detail::log_line line{std::chrono::floor<std::chrono::milliseconds>(msg.time),
                                levels[static_cast<std::size_t>(msg.level)],
                                {msg.logger_name.data(), msg.logger_name.size()},
                                {msg.payload.data(), msg.payload.size()}};
    text_.clear();
    json_ ? detail::append_json(text_, line) : detail::append_text(text_, line);
    text_ += '\n';
    dest.append(text_.data(), text_.data() + text_.size());
  }

  [[nodiscard]] std::unique_ptr<spdlog::formatter> clone() const override {
    return std::make_unique<line_formatter>(json_);
  }

private:
  bool json_;
  std::string text_; ///< reused, so that a line needs no allocation
};

} // namespace

log_fields::log_fields(std::initializer_list<log_field> fields) {
  encoded_ = detail::field_marker();
  for (const auto& field : fields) {
    if (field.value.empty())
      continue;
    append_part(encoded_, field.name);
    append_part(encoded_, field.value);
  }
  encoded_ += detail::field_marker();
}

namespace detail {

const std::string& field_marker() {
  // Never destroyed: the logging thread may still write while static objects are destroyed.
  static const std::string& marker = *new std::string([] {
    std::array<std::uint8_t, 8> random{};
    randombytes_buf(random.data(), random.size());
    std::array<char, 17> digits{};
    sodium_bin2hex(digits.data(), digits.size(), random.data(), random.size());
    return std::string{digits.data()} + '\x1e';
  }());
  return marker;
}

void append_text(std::string& out, const log_line& line) {
  out += to_iso8601(line.at);
  out += ' ';
  out += line.level;
  if (line.level.size() < 5)
    out.append(5 - line.level.size(), ' ');
  out += " [";
  append_safe(out, line.logger, false);
  out += "] ";
  const auto parsed = parse(line.payload);
  for (const auto text : parsed.texts)
    append_safe(out, text, false);
  const char* before = " [";
  for (const auto& field : parsed.fields) {
    out += before;
    before = " ";
    append_safe(out, field.name, false);
    out += '=';
    if (is_plain(field.value))
      out += field.value;
    else
      append_string(out, field.value);
  }
  if (!parsed.fields.empty())
    out += ']';
}

void append_json(std::string& out, const log_line& line) {
  out += R"({"time":)";
  append_string(out, to_iso8601(line.at));
  out += R"(,"level":)";
  append_string(out, line.level);
  out += R"(,"logger":)";
  append_string(out, line.logger);
  out += R"(,"message":)";
  const auto parsed = parse(line.payload);
  out += '"';
  for (const auto text : parsed.texts)
    append_safe(out, text, true);
  out += '"';
  for (const auto& field : parsed.fields) {
    out += ',';
    append_string(out, field.name);
    out += ':';
    append_string(out, field.value);
  }
  out += '}';
}

std::unique_ptr<spdlog::formatter> make_formatter(bool json) {
  return std::make_unique<line_formatter>(json);
}

} // namespace detail

} // namespace cm::core
