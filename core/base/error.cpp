#include "core/base/error.hpp"

#include <array>
#include <stdexcept>

namespace cm::core {

namespace {

struct error_row {
  errc code;
  std::string_view name;
  int http;
  int ecap;
};

// In the order of errc, so that a code is an index into the table.
constexpr std::array<error_row, errc_count> error_table{{
  {errc::none, "none", 200, 200},
  {errc::invalid, "invalid", 400, 400},
  {errc::unauthenticated, "unauthenticated", 401, 401},
  {errc::forbidden, "forbidden", 403, 403},
  {errc::not_found, "not_found", 404, 404},
  {errc::expired, "expired", 408, 408},
  {errc::conflict, "conflict", 409, 409},
  {errc::precondition_failed, "precondition_failed", 412, 409},
  {errc::throttled, "throttled", 429, 429},
  {errc::internal, "internal", 500, 500},
  {errc::overloaded, "overloaded", 503, 503},
  {errc::unavailable, "unavailable", 503, 503},
}};

constexpr bool in_order() {
  for (std::size_t i = 0; i < error_table.size(); ++i) {
    if (static_cast<std::size_t>(error_table[i].code) != i)
      return false;
  }
  return true;
}

static_assert(in_order(), "error_table must list every errc in its order");

const error_row& row(errc code) noexcept {
  const auto index = static_cast<std::size_t>(code);
  return index < error_table.size() ? error_table[index] : error_table[static_cast<std::size_t>(errc::internal)];
}

struct reason_row {
  int status;
  std::string_view phrase;
};

// RFC 9110 section 15, RFC 6585 sections 4 and 5.
constexpr std::array<reason_row, 27> reasons{{
  {100, "Continue"},
  {200, "OK"},
  {201, "Created"},
  {202, "Accepted"},
  {204, "No Content"},
  {304, "Not Modified"},
  {400, "Bad Request"},
  {401, "Unauthorized"},
  {403, "Forbidden"},
  {404, "Not Found"},
  {405, "Method Not Allowed"},
  {406, "Not Acceptable"},
  {408, "Request Timeout"},
  {409, "Conflict"},
  {411, "Length Required"},
  {412, "Precondition Failed"},
  {413, "Content Too Large"},
  {414, "URI Too Long"},
  {415, "Unsupported Media Type"},
  {417, "Expectation Failed"},
  {429, "Too Many Requests"},
  {431, "Request Header Fields Too Large"},
  {500, "Internal Server Error"},
  {501, "Not Implemented"},
  {503, "Service Unavailable"},
  {504, "Gateway Timeout"},
  {505, "HTTP Version Not Supported"},
}};

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
  return row(code).name;
}

int http_status(errc code) noexcept {
  return row(code).http;
}

int ecap_status(errc code) noexcept {
  return row(code).ecap;
}

std::string_view reason_phrase(int status) noexcept {
  for (const auto& r : reasons) {
    if (r.status == status)
      return r.phrase;
  }
  return "Unknown";
}

} // namespace cm::core
