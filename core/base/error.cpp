#include "core/base/error.hpp"

#include <array>
#include <stdexcept>

namespace cm::core {

namespace {

// In the order of errc, so that a code is its own index.
constexpr std::array<std::string_view, errc_count> names{
  "none",      "invalid",  "unauthenticated", "forbidden",   "not_found", "expired", "conflict", "precondition_failed",
  "throttled", "internal", "overloaded",      "unavailable",
};

} // namespace

void throw_exception_from_error(const error& e, const boost::source_location& where) {
  std::string text = "value() of an error: ";
  text += to_string(e.code);
  text += ": ";
  text += e.message;
  text += " at ";
  text += where.to_string();
  throw std::logic_error(text);
}

std::string_view to_string(errc code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < names.size() ? names[index] : to_string(errc::internal);
}

bool is_fault(errc code) noexcept {
  return code >= errc::internal;
}

bool is_temporary(errc code) noexcept {
  return code == errc::overloaded || code == errc::unavailable;
}

} // namespace cm::core
