// Streaming JSON writer: members are written in the order of the calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cm::http {

/// Maximum number of bytes that one byte of text becomes in a JSON string: \u00xx.
inline constexpr std::size_t max_escape = 6;

/// Appends `text` as a JSON string with quotes (RFC 8259 section 7). In text that is not valid UTF-8, every byte above
/// 0x7F becomes U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Writes objects and arrays without building a tree. The caller must balance begin and end calls; the writer adds the
/// commas.
class json_writer {
public:
  json_writer() = default;

  /// Appends to `prefix`, without a comma in between.
  explicit json_writer(std::string prefix) : out_(std::move(prefix)) {}

  json_writer& begin_object() { return open('{'); }

  json_writer& end_object() { return close('}'); }

  json_writer& begin_array() { return open('['); }

  json_writer& end_array() { return close(']'); }

  json_writer& key(std::string_view name);
  json_writer& value(std::string_view text);
  json_writer& value(std::uint64_t number);
  json_writer& number(double value); ///< null for infinity and NaN
  json_writer& flag(bool value);     // not an overload of value(): a string literal would select it

  json_writer& member(std::string_view name, std::string_view text) { return key(name).value(text); }

  json_writer& member(std::string_view name, std::uint64_t number) { return key(name).value(number); }

  json_writer& member_flag(std::string_view name, bool set) { return key(name).flag(set); }

  /// Moves the text out of the writer.
  [[nodiscard]] std::string take() noexcept { return std::move(out_); }

  void reserve(std::size_t bytes) { out_.reserve(bytes); }

private:
  json_writer& open(char bracket);
  json_writer& close(char bracket);
  void separate();

  std::string out_;
  bool needs_comma_ = false;
};

} // namespace cm::http
