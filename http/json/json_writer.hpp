// Writes JSON text piece by piece, members in the order of the calls.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace cm::http {

/// What a byte of text takes at most in a JSON string: \u00xx.
inline constexpr std::size_t max_escape = 6;

/// Appends `text` as a JSON string with its quotes (RFC 8259 section 7). Bytes that are not UTF-8 become U+FFFD.
void append_json_string(std::string& out, std::string_view text);

/// Objects and arrays without a tree in between. The caller keeps begin and end in pairs; commas are the writer's.
class json_writer {
public:
  json_writer() = default;

  /// Goes on behind `begun`, which is complete: no comma comes between.
  explicit json_writer(std::string begun) : out_(std::move(begun)) {}

  json_writer& begin_object() { return open('{'); }

  json_writer& end_object() { return close('}'); }

  json_writer& begin_array() { return open('['); }

  json_writer& end_array() { return close(']'); }

  json_writer& key(std::string_view name);
  json_writer& value(std::string_view text);
  json_writer& value(std::uint64_t number);
  json_writer& number(double value); ///< null for what JSON has no number for
  json_writer& flag(bool value);     // not value(): a string literal would come here

  json_writer& member(std::string_view name, std::string_view text) { return key(name).value(text); }

  json_writer& member(std::string_view name, std::uint64_t number) { return key(name).value(number); }

  json_writer& member_flag(std::string_view name, bool set) { return key(name).flag(set); }

  /// The text so far; the writer is empty afterwards.
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
