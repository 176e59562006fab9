#include "core/base/identifiers.hpp"

#include "core/base/text.hpp"

#include <algorithm>

namespace cm::core {

bool is_endpoint_id(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_identifier_length && std::all_of(text.begin(), text.end(), [](char c) {
    return is_letter_or_digit(c) || c == '.' || c == '_' || c == '~' || c == '-';
  });
}

bool is_application_name(std::string_view text) noexcept {
  return !text.empty() && text.size() <= max_identifier_length && std::all_of(text.begin(), text.end(), [](char c) {
    return is_digit(c) || is_lower(c) || c == '_' || c == '-';
  });
}

bool is_endpoint_token(std::string_view text) noexcept {
  if (text.empty() || text.size() > max_token_length)
    return false;
  for (std::size_t offset = 0; offset < text.size();) {
    const auto c = next_code_point(text, offset);
    if (c == malformed || is_control(c) || c == '+' || c == '#' || c == '/' || c == '.')
      return false;
  }
  return true;
}

bool is_client_name(std::string_view text) noexcept {
  if (text.empty() || text.size() > max_identifier_length)
    return false;
  for (std::size_t offset = 0; offset < text.size();) {
    const auto c = next_code_point(text, offset);
    if (c == malformed || is_control(c))
      return false;
  }
  return true;
}

} // namespace cm::core
