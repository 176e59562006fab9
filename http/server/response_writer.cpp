#include "http/server/response_writer.hpp"

#include "core/base/error.hpp"
#include "core/base/status_phrase.hpp"
#include "core/base/text.hpp"
#include "http/server/request.hpp"

#include <array>
#include <charconv>

namespace cm::http {

namespace {

constexpr std::array<std::string_view, 7> day_names{"Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"};
constexpr std::array<std::string_view, 12> month_names{"Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                                       "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"};

void append_header(std::string& out, std::string_view name, std::string_view value) {
  out.append(name).append(": ");
  const std::size_t start = out.size();
  out.append(value);
  for (std::size_t i = start; i < out.size(); ++i) {
    if (out[i] == '\r' || out[i] == '\n' || out[i] == '\0')
      out[i] = ' ';
  }
  out.append("\r\n");
}

bool has_header(const response& answer, std::string_view name) noexcept {
  for (const auto& [own, value] : answer.headers) {
    if (core::equals_ignoring_case(own, name))
      return true;
  }
  return false;
}

bool never_has_body(int status) noexcept {
  return status < 200 || status == 204 || status == 304;
}

void append_framing(std::string& out, const response& answer, body_framing framing) {
  switch (framing) {
  case body_framing::sized:
    out.append("Content-Length: ");
    core::append_number(out, answer.body.size());
    out.append("\r\n");
    return;
  case body_framing::chunked:
    out.append("Transfer-Encoding: chunked\r\n");
    return;
  case body_framing::until_close:
    return;
  }
}

void append_date(std::string& out, std::chrono::system_clock::time_point time_point) {
  const auto day = std::chrono::floor<std::chrono::days>(time_point);
  const std::chrono::year_month_day date{day};
  const std::chrono::weekday weekday{day};
  const std::chrono::hh_mm_ss time{std::chrono::floor<std::chrono::seconds>(time_point - day)};
  out.append(day_names[weekday.c_encoding()]).append(", ");
  core::append_number(out, static_cast<unsigned>(date.day()), 2);
  out.append(" ").append(month_names[static_cast<unsigned>(date.month()) - 1]).append(" ");
  core::append_number(out, static_cast<unsigned>(static_cast<int>(date.year())), 4);
  out.append(" ");
  core::append_number(out, static_cast<unsigned>(time.hours().count()), 2);
  out.append(":");
  core::append_number(out, static_cast<unsigned>(time.minutes().count()), 2);
  out.append(":");
  core::append_number(out, static_cast<unsigned>(time.seconds().count()), 2);
  out.append(" GMT");
}

} // namespace

bool sends_body(const response& answer, bool head_request) noexcept {
  return !head_request && !never_has_body(answer.status);
}

void append_chunk(std::string& out, std::string_view bytes) {
  if (bytes.empty())
    return;
  constexpr int hexadecimal = 16;
  std::array<char, 16> digits{};
  const auto done = std::to_chars(digits.data(), digits.data() + digits.size(), bytes.size(), hexadecimal);
  out.append(digits.data(), done.ptr).append("\r\n").append(bytes).append("\r\n");
}

void end_chunks(std::string& out) {
  out.append("0\r\n\r\n");
}

std::string http_date(std::chrono::system_clock::time_point time) {
  std::string out;
  append_date(out, time);
  return out;
}

void write_head(std::string& out, const response& answer, const response_context& context,
                std::chrono::system_clock::time_point now) {
  constexpr unsigned status_digits = 3;
  out.append("HTTP/1.1 ");
  core::append_number(out, static_cast<unsigned>(answer.status), status_digits);
  out.append(" ").append(core::reason_phrase(answer.status)).append("\r\n");
  if (!answer.content_type.empty())
    append_header(out, "Content-Type", answer.content_type);
  if (!never_has_body(answer.status))
    append_framing(out, answer, context.framing);
  out.append("Date: ");
  append_date(out, now);
  out.append("\r\n");
  if (!context.correlation_id.empty())
    append_header(out, "Correlation-ID", context.correlation_id);
  if (!has_header(answer, "Cache-Control"))
    out.append("Cache-Control: no-store\r\n");
  out.append("X-Content-Type-Options: nosniff\r\n");
  out.append(context.keep_alive ? "Connection: keep-alive\r\n" : "Connection: close\r\n");
  for (const auto& [name, value] : answer.headers) {
    const bool reserved = core::equals_ignoring_case(name, "Content-Length")
                          || core::equals_ignoring_case(name, "Connection")
                          || core::equals_ignoring_case(name, "Transfer-Encoding");
    if (!reserved)
      append_header(out, name, value);
  }
  out.append("\r\n");
}

} // namespace cm::http
