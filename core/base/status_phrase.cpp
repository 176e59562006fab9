#include "core/base/status_phrase.hpp"

#include <array>

namespace cm::core {

namespace {

struct reason_row {
  int status;
  std::string_view phrase;
};

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

std::string_view reason_phrase(int status) noexcept {
  for (const auto& r : reasons) {
    if (r.status == status)
      return r.phrase;
  }
  return "Unknown";
}

} // namespace cm::core
