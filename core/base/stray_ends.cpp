#include "core/base/stray_ends.hpp"

namespace cm::core {

namespace {

// ASCII only, independent of the locale.
bool is_white_space(char c) noexcept {
  return std::string_view(" \t\v\f\r\n").find(c) != std::string_view::npos;
}

} // namespace

std::string_view stray_ends(std::string_view value) noexcept {
  if (value.empty())
    return {};
  if (value.ends_with('\n') || value.ends_with('\r'))
    return "ends with a newline";
  if (is_white_space(value.back()))
    return "ends with white space";
  if (is_white_space(value.front()))
    return "begins with white space";
  if (value.starts_with("\xEF\xBB\xBF"))
    return "begins with a byte order mark";
  return {};
}

} // namespace cm::core
