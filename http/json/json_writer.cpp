#include "http/json/json_writer.hpp"

#include "core/base/text.hpp"

#include <array>
#include <charconv>
#include <cmath>

namespace cm::http {

namespace {

bool is_plain(char c) noexcept {
  return c >= ' ' && c <= '~' && c != '"' && c != '\\';
}

} // namespace

void append_json_string(std::string& out, std::string_view text) {
  out.push_back('"');
  std::size_t plain = 0;
  while (plain < text.size() && is_plain(text[plain]))
    ++plain;
  out.append(text.substr(0, plain));
  text.remove_prefix(plain);
  const bool utf8 = text.empty() || core::is_utf8(text);
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte >= 0x80U) {
      if (utf8)
        out.push_back(c);
      else
        out.append(core::replacement_character);
    } else if (is_plain(c)) {
      out.push_back(c);
    } else {
      core::append_json_escape(out, byte);
    }
  }
  out.push_back('"');
}

json_writer& json_writer::open(char bracket) {
  separate();
  out_.push_back(bracket);
  needs_comma_ = false;
  return *this;
}

json_writer& json_writer::close(char bracket) {
  out_.push_back(bracket);
  needs_comma_ = true;
  return *this;
}

void json_writer::separate() {
  if (needs_comma_)
    out_.push_back(',');
}

json_writer& json_writer::key(std::string_view name) {
  separate();
  append_json_string(out_, name);
  out_.push_back(':');
  needs_comma_ = false;
  return *this;
}

json_writer& json_writer::value(std::string_view text) {
  separate();
  append_json_string(out_, text);
  needs_comma_ = true;
  return *this;
}

json_writer& json_writer::value(std::uint64_t number) {
  separate();
  core::append_number(out_, number);
  needs_comma_ = true;
  return *this;
}

json_writer& json_writer::number(double value) {
  separate();
  std::array<char, 32> digits{};
  const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), value);
  if (std::isfinite(value))
    out_.append(digits.data(), done.ptr);
  else
    out_.append("null");
  needs_comma_ = true;
  return *this;
}

json_writer& json_writer::flag(bool value) {
  separate();
  out_.append(value ? "true" : "false");
  needs_comma_ = true;
  return *this;
}

} // namespace cm::http
