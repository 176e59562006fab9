#include "core/certificates/certificate_pem.hpp"

#include "core/base/openssl_handles.hpp"
#include "core/base/text.hpp"

#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <new>
#include <optional>
#include <utility>

namespace cm::core::detail {

namespace {

constexpr std::string_view begin_marker = "-----BEGIN ";
constexpr std::string_view end_marker = "-----END ";
constexpr std::array<std::string_view, 2> labels{"CERTIFICATE-----", "X509 CERTIFICATE-----"};
constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";
constexpr std::string_view white_space = " \t\r\n\v\f"; // RFC 7468 section 3, W

struct block {
  std::optional<std::string_view> content; // between the two markers; empty if the second one is missing
  std::size_t end = 0;                     // offset after the block
};

bool is_white_space(char c) noexcept {
  return white_space.find(c) != std::string_view::npos;
}

/// Whether a marker after `before`, which is the text since the block before, is the first in its line. Looks no
/// further back than to the next character that is not white space.
bool starts_line(std::string_view before) noexcept {
  for (;;) {
    if (before.ends_with(byte_order_mark))
      before.remove_suffix(byte_order_mark.size());
    else if (!before.empty() && before.back() != '\n' && before.back() != '\r' && is_white_space(before.back()))
      before.remove_suffix(1);
    else
      return before.empty() || before.back() == '\n' || before.back() == '\r';
  }
}

/// The first block of a certificate at `from` or later.
std::optional<block> next_block(std::string_view text, std::size_t from) {
  for (auto at = text.find(begin_marker, from); at != std::string_view::npos; at = text.find(begin_marker, at + 1)) {
    const auto rest = text.substr(at + begin_marker.size());
    const auto* const label = std::ranges::find_if(labels, [&](auto known) { return rest.starts_with(known); });
    if (label == labels.end() || !starts_line(text.substr(from, at - from)))
      continue;
    const auto first = at + begin_marker.size() + label->size();
    const auto last_line = std::string(end_marker) + std::string(*label);
    const auto last = text.find(last_line, first);
    if (last == std::string_view::npos)
      return block{std::nullopt, text.size()};
    return block{text.substr(first, last - first), last + last_line.size()};
  }
  return std::nullopt;
}

/// The bytes that the content of a block encodes; empty unless it is base64.
std::optional<std::string> decoded(const block& from) {
  if (!from.content)
    return std::nullopt;
  std::string digits;
  digits.reserve(from.content->size());
  for (const char c : *from.content) {
    if (is_white_space(c))
      continue;
    if (!is_letter_or_digit(c) && c != '+' && c != '/' && c != '=')
      return std::nullopt; // also a header, such as that of an encrypted block: certificates have none
    digits += c;
  }
  const openssl_ptr<EVP_ENCODE_CTX> decoder{EVP_ENCODE_CTX_new()};
  if (!decoder)
    throw std::bad_alloc{};
  EVP_DecodeInit(decoder.get());
  std::string bytes(digits.size() + 3, '\0');
  auto* const out = reinterpret_cast<unsigned char*>(bytes.data());
  int length = 0;
  int rest = 0;
  if (EVP_DecodeUpdate(decoder.get(), out, &length, reinterpret_cast<const unsigned char*>(digits.data()),
                       static_cast<int>(digits.size()))
        < 0
      || EVP_DecodeFinal(decoder.get(), out + length, &rest) < 0)
    return std::nullopt;
  bytes.resize(static_cast<std::size_t>(length) + static_cast<std::size_t>(rest));
  return bytes;
}

error unreadable(std::string message) {
  return make_error(errc::invalid, std::move(message));
}

} // namespace

expected<std::string> only_certificate_der(std::string_view text) {
  const auto first = next_block(text, 0);
  if (!first)
    return unreadable("there is no certificate in PEM (-----BEGIN CERTIFICATE-----)");
  auto der = decoded(*first);
  if (!der)
    return unreadable("the certificate is damaged");
  if (const auto second = next_block(text, first->end))
    return unreadable(decoded(*second) ? "there is more than one certificate"
                                       : "the text after the certificate is damaged");
  return *std::move(der);
}

} // namespace cm::core::detail
