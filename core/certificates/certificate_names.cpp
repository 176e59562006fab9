#include "core/certificates/certificate_names.hpp"

#include "core/certificates/distinguished_name_parts.hpp"

#include <cstddef>
#include <string_view>
#include <utility>

namespace cm::core::detail {

namespace {

constexpr std::uint8_t teletex_string = 0x14;
constexpr std::uint8_t visible_string = 0x1a;
constexpr std::uint8_t general_string = 0x1b;
constexpr std::uint8_t universal_string = 0x1c;
constexpr std::uint8_t bmp_string = 0x1e;
constexpr std::uint8_t sequence_tag = 0x30;
constexpr std::uint8_t set_tag = 0x31;
constexpr std::uint8_t version_tag = 0xa0; // [0], constructed

// Offsets of one element in DER.
struct span_of_element {
  std::size_t start = 0;
  std::size_t content = 0;
  std::size_t end = 0;
};

std::uint8_t octet(std::string_view der, std::size_t at) noexcept {
  return static_cast<std::uint8_t>(der[at]);
}

/// The element at `at`, with a tag of one byte and a definite length, within the first `limit` bytes.
std::optional<span_of_element> element_at(std::string_view der, std::size_t at, std::size_t limit) noexcept {
  if (at > limit || limit - at < 2 || (octet(der, at) & 0x1fU) == 0x1fU)
    return std::nullopt;
  std::size_t content = at + 2;
  std::size_t length = octet(der, at + 1);
  if (length >= 0x80U) {
    const std::size_t count = length & 0x7fU;
    if (count == 0 || count > 4 || limit - content < count)
      return std::nullopt;
    length = 0;
    for (const auto end = content + count; content < end; ++content)
      length = (length << 8U) | octet(der, content);
  }
  if (limit - content < length)
    return std::nullopt;
  return span_of_element{at, content, content + length};
}

std::optional<span_of_element> element_with_tag(std::string_view der, std::size_t at, std::size_t limit,
                                                std::uint8_t tag) noexcept {
  const auto found = element_at(der, at, limit);
  return found && octet(der, at) == tag ? found : std::nullopt;
}

/// Issuer and subject.
std::optional<std::pair<span_of_element, span_of_element>> names_of(std::string_view der) noexcept {
  const auto certificate = element_with_tag(der, 0, der.size(), sequence_tag);
  const auto body =
    certificate ? element_with_tag(der, certificate->content, certificate->end, sequence_tag) : std::nullopt;
  if (!body)
    return std::nullopt;
  auto next = element_at(der, body->content, body->end);
  if (next && octet(der, next->start) == version_tag)
    next = element_at(der, next->end, body->end);
  // The serial number; then the algorithm, the issuer, the validity and the subject.
  std::optional<span_of_element> issuer;
  for (int position = 1; next && position <= 4; ++position) {
    next = element_at(der, next->end, body->end);
    if (position == 2)
      issuer = next;
  }
  if (!next || !issuer || octet(der, issuer->start) != sequence_tag || octet(der, next->start) != sequence_tag)
    return std::nullopt;
  return std::pair{*issuer, *next};
}

bool is_to_be_hidden(std::string_view value) {
  const auto tag = octet(value, 0);
  if (tag != visible_string && tag != general_string && tag != universal_string && tag != bmp_string)
    return false;
  const auto text = canonical_ber_value(value, reading::present);
  return text && !text->starts_with('#'); // text that begins with it is escaped
}

// Changes the tags in a name.
class name_rewriter {
public:
  name_rewriter(std::string& der, span_of_element name) : der_(der), name_(name) {}

  /// False if the name is not one.
  bool rewrite() {
    for (auto at = name_.content; at < name_.end;) {
      const auto relative = element_with_tag(der_, at, name_.end, set_tag);
      if (!relative || !rewrite_attributes(*relative))
        return false;
      at = relative->end;
    }
    return true;
  }

  [[nodiscard]] bool changed() const noexcept { return changed_; }

  [[nodiscard]] std::vector<std::uint8_t>& tags() noexcept { return tags_; }

private:
  bool rewrite_attributes(span_of_element relative) {
    for (auto at = relative.content; at < relative.end;) {
      const auto attribute = element_with_tag(der_, at, relative.end, sequence_tag);
      const auto type = attribute ? element_at(der_, attribute->content, attribute->end) : std::nullopt;
      const auto value = type ? element_at(der_, type->end, attribute->end) : std::nullopt;
      if (!value || value->end != attribute->end)
        return false;
      const bool hide = is_to_be_hidden(std::string_view{der_}.substr(value->start, value->end - value->start));
      tags_.push_back(hide ? octet(der_, value->start) : std::uint8_t{0});
      if (hide)
        der_[value->start] = static_cast<char>(teletex_string);
      changed_ = changed_ || hide;
      at = attribute->end;
    }
    return true;
  }

  std::string& der_;
  span_of_element name_;
  std::vector<std::uint8_t> tags_;
  bool changed_ = false;
};

} // namespace

std::optional<readable_certificate> with_readable_names(std::string der) {
  const auto names = names_of(der);
  if (!names)
    return std::nullopt;
  name_rewriter issuer{der, names->first};
  name_rewriter subject{der, names->second};
  if (!issuer.rewrite() || !subject.rewrite() || (!issuer.changed() && !subject.changed()))
    return std::nullopt;
  return readable_certificate{std::move(der), std::move(issuer.tags())};
}

} // namespace cm::core::detail
