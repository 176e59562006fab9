#include "http/server/line_splitter.hpp"

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
  if (!held_.empty())
    give(held_, on_line);
  skipping_ = false;
}

// Whether the held bytes followed by `part` exceed the limit regardless of what follows. A CR at the end may be part of
// the line's end and does not count.
bool line_splitter::is_too_long(std::string_view part) const noexcept {
  const std::size_t size = held_.size() + part.size();
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
  held_.reserve(limit_ + 1);
  held_.append(part);
}

void line_splitter::give(std::string_view text, const handler& on_line) {
  ++lines_;
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
