#include "http/server/line_splitter.hpp"

#include "core/base/byte_order_mark.hpp"
#include "core/base/secret.hpp"

#include <algorithm>

namespace cm::http {

namespace {

std::string_view without_cr(std::string_view line) noexcept {
  if (!line.empty() && line.back() == '\r')
    line.remove_suffix(1);
  return line;
}

} // namespace

line_splitter::line_splitter(std::size_t limit) : limit_(std::max<std::size_t>(limit, 1)) {}

line_splitter::~line_splitter() {
  core::wipe(held_);
}

void line_splitter::feed(std::string_view bytes, const handler& on_line) {
  while (!bytes.empty()) {
    const std::size_t end = bytes.find('\n');
    const std::string_view part = bytes.substr(0, end);
    bytes.remove_prefix(end == std::string_view::npos ? bytes.size() : end + 1);
    if (!skipping_) {
      // Most lines lie within one piece and need no copy.
      if (end == std::string_view::npos || !held_.empty() || is_too_long(part))
        keep(part, on_line);
      else
        give(part, on_line);
    }
    if (end == std::string_view::npos)
      return;
    if (!held_.empty())
      give(held_, on_line);
    skipping_ = false;
  }
}

void line_splitter::finish(const handler& on_line) {
  const bool mark_only = lines_ == 0 && held_ == core::byte_order_mark;
  if (!held_.empty() && !mark_only)
    give(held_, on_line);
  skipping_ = false;
}

// Length of the byte order mark at the beginning of the line that consists of the held bytes and `part`.
std::size_t line_splitter::mark_size(std::string_view part) const noexcept {
  constexpr std::string_view mark = core::byte_order_mark;
  if (lines_ > 0)
    return 0;
  const std::string_view begin = std::string_view{held_}.substr(0, mark.size());
  const bool marked = mark.starts_with(begin) && part.starts_with(mark.substr(begin.size()));
  return marked ? mark.size() : 0;
}

// Whether the held bytes followed by `part` exceed the limit regardless of what follows. A CR at the end may be part of
// the line's end and does not count.
bool line_splitter::is_too_long(std::string_view part) const noexcept {
  const std::size_t size = held_.size() + part.size() - mark_size(part);
  if (size <= limit_)
    return false;
  const char last = part.empty() ? held_.back() : part.back();
  return size > limit_ + 1 || last != '\r';
}

void line_splitter::keep(std::string_view part, const handler& on_line) {
  if (is_too_long(part)) {
    give_too_long(on_line);
    return;
  }
  // Reserved in full: a reallocation would leave unwiped bytes in freed memory.
  held_.reserve(limit_ + core::byte_order_mark.size() + 1);
  held_.append(part);
}

void line_splitter::give(std::string_view text, const handler& on_line) {
  ++lines_;
  if (lines_ == 1)
    text = core::without_byte_order_mark(text);
  on_line(numbered_line{lines_, without_cr(text), false});
  core::wipe(held_);
}

void line_splitter::give_too_long(const handler& on_line) {
  core::wipe(held_);
  skipping_ = true;
  ++lines_;
  on_line(numbered_line{lines_, {}, true});
}

} // namespace cm::http
