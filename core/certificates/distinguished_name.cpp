#include "core/certificates/distinguished_name.hpp"

#include "core/base/text.hpp"
#include "core/certificates/distinguished_name_parts.hpp"

#include <openssl/evp.h>

#include <optional>
#include <stdexcept>

namespace cm::core {

namespace {

/// Whether `text` is an OID: two or more numbers without leading zeros, the first 0 to 2.
bool is_dotted_number(std::string_view text) noexcept {
  std::size_t numbers = 0;
  for (bool more = true; more; ++numbers) {
    const auto dot = text.find('.');
    const auto component = text.substr(0, dot);
    more = dot != std::string_view::npos;
    text = more ? text.substr(dot + 1) : std::string_view{};
    if (!is_digits(component) || (component.size() > 1 && component.front() == '0'))
      return false;
    if (numbers == 0 && (component.size() > 1 || component.front() > '2'))
      return false;
  }
  return numbers >= 2;
}

std::string_view without_oid_prefix(std::string_view type) noexcept {
  constexpr std::string_view prefix = "oid.";
  const bool prefixed = type.size() > prefix.size() && equals_ignoring_case(type.substr(0, prefix.size()), prefix);
  return prefixed ? type.substr(prefix.size()) : type;
}

using detail::reading;

// Parses a name from left to right and writes its canonical form. Stops at the first error.
class name_reader {
public:
  name_reader(std::string_view text, reading how) : text_(text), how_(how) {}

  /// After read(): whether former builds may have read the name in another way.
  [[nodiscard]] bool former_may_differ() const noexcept { return former_may_differ_; }

  expected<std::string> read() {
    for (;;) {
      if (!read_type() || !read_value())
        return make_error(errc::invalid, std::move(wrong_));
      if (at_ == text_.size())
        return std::move(out_);
      out_ += text_[at_++] == '+' ? '+' : ',';
    }
  }

private:
  bool fail(std::size_t where, std::string_view what) {
    wrong_ = "not a distinguished name: " + std::string(what) + " at byte " + std::to_string(where + 1);
    return false;
  }

  [[nodiscard]] bool at_end() const noexcept { return at_ == text_.size(); }

  [[nodiscard]] bool at_separator() const noexcept {
    return at_end() || text_[at_] == ',' || text_[at_] == ';' || text_[at_] == '+';
  }

  void skip_spaces() noexcept {
    while (!at_end() && text_[at_] == ' ')
      ++at_;
  }

  bool read_type() {
    while (!at_end() && is_blank(text_[at_]))
      ++at_;
    const auto begin = at_;
    while (!at_end() && (is_letter_or_digit(text_[at_]) || text_[at_] == '-' || text_[at_] == '.'))
      ++at_;
    const auto type = text_.substr(begin, at_ - begin);
    if (type.empty())
      return fail(begin, "an attribute type is missing");
    while (!at_end() && is_blank(text_[at_]))
      ++at_;
    if (at_end() || text_[at_] != '=')
      return fail(at_, "a '=' is missing");
    ++at_;
    const auto number = without_oid_prefix(type);
    if (is_dotted_number(number)) {
      out_ += detail::canonical_attribute_type(number);
    } else if (const auto known = number_of(type)) {
      out_ += detail::canonical_attribute_type(*known);
    } else {
      return fail(begin, "an unknown attribute type (write its dotted number)");
    }
    out_ += '=';
    return true;
  }

  std::optional<std::string> number_of(std::string_view type) {
    auto former = detail::former_attribute_type_number(type);
    if (how_ == reading::former)
      return former;
    auto number = detail::attribute_type_number(type);
    if (number != former)
      former_may_differ_ = true;
    return number;
  }

  bool read_value() {
    skip_spaces();
    if (at_end() || at_separator())
      return true; // an empty value
    if (text_[at_] == '#')
      return read_hex();
    return text_[at_] == '"' ? read_quoted() : read_plain();
  }

  bool read_hex() {
    const auto begin = at_++;
    std::string ber;
    while (!at_separator() && text_[at_] != ' ') {
      const int high = hex_value(text_[at_]);
      const int low = at_ + 1 < text_.size() ? hex_value(text_[at_ + 1]) : -1;
      if (high < 0 || low < 0)
        return fail(at_, "no pair of hexadecimal digits");
      ber += static_cast<char>(high * 16 + low);
      at_ += 2;
    }
    const auto value = detail::canonical_ber_value(ber, how_);
    if (!value)
      return fail(begin, "a '#' value that is not one BER element");
    if (how_ == reading::present && value != detail::canonical_ber_value(ber, reading::former))
      former_may_differ_ = true;
    out_ += *value;
    return value_has_ended();
  }

  bool read_quoted() {
    const auto begin = at_++;
    std::string value;
    while (!at_end() && text_[at_] != '"') {
      if (!read_character(value))
        return false;
    }
    if (at_end())
      return fail(begin, "a quote without an end");
    ++at_;
    return append_text(begin, value) && value_has_ended();
  }

  bool read_plain() {
    const auto begin = at_;
    std::string value;
    std::size_t length = 0; // without trailing spaces, which belong to the value only if escaped
    while (!at_separator()) {
      if (text_[at_] == '"')
        return fail(at_, "a quote inside of a value");
      const bool space = text_[at_] == ' ';
      if (!read_character(value))
        return false;
      if (!space)
        length = value.size();
    }
    value.resize(length);
    return append_text(begin, value);
  }

  /// Reads one character of a value, plain or escaped with a backslash (RFC 4514 section 3, `pair`).
  bool read_character(std::string& value) {
    const char c = text_[at_];
    if (c == '\0')
      return fail(at_, "a zero byte");
    if (c != '\\') {
      value += c;
      ++at_;
      return true;
    }
    const auto rest = text_.substr(at_ + 1, 2);
    if (rest.size() == 2 && hex_value(rest[0]) >= 0 && hex_value(rest[1]) >= 0) {
      value += static_cast<char>(hex_value(rest[0]) * 16 + hex_value(rest[1]));
      at_ += 3;
      return true;
    }
    constexpr std::string_view may_be_escaped = " #=,+\"\\<>;\r"; // Java escapes a carriage return at either end
    if (rest.empty() || may_be_escaped.find(rest[0]) == std::string_view::npos)
      return fail(at_, "a backslash before a character that needs none");
    value += rest[0];
    at_ += 2;
    return true;
  }

  bool value_has_ended() {
    skip_spaces();
    return at_separator() || fail(at_, "text after the end of a value");
  }

  bool append_text(std::size_t begin, std::string_view value) {
    if (!is_utf8(value))
      return fail(begin, "a value that is not UTF-8");
    const auto utf16 = how_ == reading::present ? detail::text_of_printed_utf16(value) : std::nullopt;
    if (utf16)
      former_may_differ_ = true;
    out_ += detail::escaped_attribute_value(utf16 ? *utf16 : value);
    return true;
  }

  std::string_view text_;
  reading how_;
  bool former_may_differ_ = false;
  std::size_t at_ = 0;
  std::string out_;
  std::string wrong_;
};

constexpr std::string_view length_limit = "a distinguished name has at most 8192 bytes";
static_assert(max_distinguished_name == 8192);

expected<std::string> with_checked_length(expected<std::string> canonical) {
  if (canonical && canonical->size() > max_distinguished_name)
    return make_error(errc::invalid, std::string(length_limit) + ", also with its escapes");
  return canonical;
}

void append_with_length(std::string& out, std::string_view text) {
  const auto n = static_cast<std::uint32_t>(text.size());
  for (const unsigned shift : {24U, 16U, 8U, 0U})
    out += static_cast<char>((n >> shift) & 0xffU);
  out += text;
}

} // namespace

expected<distinguished_name> read_distinguished_name(std::string_view text) {
  if (text.size() > max_distinguished_name)
    return make_error(errc::invalid, std::string(length_limit));
  if (text.find_first_not_of(' ') == std::string_view::npos)
    return make_error(errc::invalid, "a distinguished name cannot be empty");
  name_reader reader{text, reading::present};
  auto canonical = with_checked_length(reader.read());
  if (!canonical)
    return std::move(canonical).error();
  std::optional<std::string> other;
  if (reader.former_may_differ()) {
    auto former = with_checked_length(name_reader{text, reading::former}.read());
    if (former && *former != *canonical)
      other = *std::move(former);
  }
  return distinguished_name_of(*std::move(canonical), std::move(other));
}

expected<std::string> canonical_distinguished_name(std::string_view text) {
  auto name = read_distinguished_name(text);
  if (!name)
    return std::move(name).error();
  return std::move(name->canonical);
}

std::array<std::uint8_t, 32> subject_hash(std::string_view canonical_issuer, std::string_view serial_number) {
  std::string bytes;
  bytes.reserve(canonical_issuer.size() + serial_number.size() + 8);
  append_with_length(bytes, canonical_issuer);
  append_with_length(bytes, serial_number);
  std::array<std::uint8_t, 32> out{};
  unsigned int length = 0;
  if (EVP_Digest(bytes.data(), bytes.size(), out.data(), &length, EVP_sha256(), nullptr) != 1 || length != out.size())
    throw std::runtime_error("OpenSSL failed: SHA-256");
  return out;
}

} // namespace cm::core
