#include "core/base/time.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <limits>

namespace cm::core {

timestamp now_ms() noexcept {
  return std::chrono::time_point_cast<std::chrono::milliseconds>(std::chrono::system_clock::now());
}

std::string to_iso8601(timestamp at) {
  using namespace std::chrono;
  constexpr timestamp first = sys_days{year{0} / January / 1};
  constexpr timestamp last = sys_days{year{10000} / January / 1} - milliseconds{1};
  at = std::clamp(at, first, last);
  const auto day = floor<days>(at);
  const year_month_day date{day};
  const hh_mm_ss time{at - day};
  std::string text = "0000-00-00T00:00:00.000Z";
  const auto write = [&text](std::size_t from, std::size_t count, auto value) {
    auto left = static_cast<unsigned>(value);
    for (std::size_t i = from + count; i > from; left /= 10)
      text[--i] = static_cast<char>('0' + left % 10);
  };
  write(0, 4, static_cast<int>(date.year()));
  write(5, 2, static_cast<unsigned>(date.month()));
  write(8, 2, static_cast<unsigned>(date.day()));
  write(11, 2, time.hours().count());
  write(14, 2, time.minutes().count());
  write(17, 2, time.seconds().count());
  write(20, 3, time.subseconds().count());
  return text;
}

std::optional<timestamp> parse_iso8601(std::string_view text) noexcept {
  using namespace std::chrono;
  constexpr std::string_view shape = "0000-00-00T00:00:00.000Z";
  if (text.size() != shape.size())
    return std::nullopt;
  for (std::size_t i = 0; i < shape.size(); ++i) {
    const bool fits = shape[i] == '0' ? is_digit(text[i]) : text[i] == shape[i];
    if (!fits)
      return std::nullopt;
  }
  const auto number = [text](std::size_t from, std::size_t count) {
    int value = 0;
    for (std::size_t i = from; i < from + count; ++i)
      value = value * 10 + (text[i] - '0');
    return value;
  };
  const year_month_day date{year{number(0, 4)}, month{static_cast<unsigned>(number(5, 2))},
                            day{static_cast<unsigned>(number(8, 2))}};
  const int hour = number(11, 2);
  const int minute = number(14, 2);
  const int second = number(17, 2);
  if (!date.ok() || hour > 23 || minute > 59 || second > 59)
    return std::nullopt;
  return timestamp{sys_days{date}.time_since_epoch() + hours{hour} + minutes{minute} + seconds{second}
                   + milliseconds{number(20, 3)}};
}

bool is_expired(std::int64_t created_ms, std::int64_t timeout_ms, timestamp now) noexcept {
  if (timeout_ms == 0)
    return false;
  constexpr auto limit = std::numeric_limits<std::int64_t>::max();
  if (timeout_ms < 0)
    return true;
  if (created_ms > limit - timeout_ms)
    return false; // the sum would overflow: it expires later than the clock can represent
  return created_ms + timeout_ms < to_unix_ms(now);
}

} // namespace cm::core
