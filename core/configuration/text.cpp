#include "core/configuration/text.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <arpa/inet.h>

namespace cm::core::configuration {

namespace {

constexpr std::size_t max_shown = 120;

} // namespace

std::vector<std::string_view> split(std::string_view text, char separator) {
  std::vector<std::string_view> parts;
  while (true) {
    const auto end = text.find(separator);
    parts.push_back(text.substr(0, end));
    if (end == std::string_view::npos)
      return parts;
    text.remove_prefix(end + 1);
  }
}

std::string printable(std::string_view text) {
  const auto shown = utf8_prefix(text, max_shown);
  const bool utf8 = is_utf8(shown);
  std::string result;
  for (const char c : shown) {
    const auto byte = static_cast<unsigned char>(c);
    if (byte < 0x20U || byte == 0x7fU || (byte >= 0x80U && !utf8)) {
      result += "\\x";
      append_hex(result, byte);
    } else {
      result += c;
    }
  }
  return shown.size() < text.size() ? result + "…" : result;
}

std::size_t edit_distance(std::string_view left, std::string_view right, std::size_t limit) {
  const auto difference = left.size() > right.size() ? left.size() - right.size() : right.size() - left.size();
  if (difference > limit)
    return limit + 1;
  std::vector<std::size_t> before_last(right.size() + 1);
  std::vector<std::size_t> last(right.size() + 1);
  std::vector<std::size_t> row(right.size() + 1);
  for (std::size_t j = 0; j <= right.size(); ++j)
    last[j] = j;
  for (std::size_t i = 1; i <= left.size(); ++i) {
    row[0] = i;
    for (std::size_t j = 1; j <= right.size(); ++j) {
      const std::size_t replaced = last[j - 1] + (left[i - 1] == right[j - 1] ? 0 : 1);
      row[j] = std::min({last[j] + 1, row[j - 1] + 1, replaced});
      if (i > 1 && j > 1 && left[i - 1] == right[j - 2] && left[i - 2] == right[j - 1])
        row[j] = std::min(row[j], before_last[j - 2] + 1);
    }
    std::swap(before_last, last);
    std::swap(last, row);
  }
  return std::min(last.back(), limit + 1);
}

bool is_host_name(std::string_view text) noexcept {
  constexpr std::size_t max_length = 253; // of a domain name (RFC 1035)
  return !text.empty() && text.size() <= max_length && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '-' || c == '_';
  });
}

bool is_ipv6_address(std::string_view text) {
  in6_addr ignored{};
  return inet_pton(AF_INET6, std::string(text).c_str(), &ignored) == 1;
}

} // namespace cm::core::configuration
