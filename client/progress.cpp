#include "client/progress.hpp"

#include <algorithm>
#include <cstdio>
#include <string_view>
#include <unistd.h>

namespace cm::client {

namespace {

constexpr std::chrono::milliseconds pause{100};
constexpr std::string_view clear_line = "\r\x1b[K";

void draw(std::string_view text) {
  // Errors are ignored: the progress line is not essential.
  std::fwrite(text.data(), 1, text.size(), stderr);
  std::fflush(stderr);
}

} // namespace

std::string render_progress(const progress_state& of) {
  constexpr std::uint64_t hundred = 100;
  constexpr std::size_t bar_width = 24;
  std::string out;
  if (of.total_bytes) {
    const double share =
      *of.total_bytes == 0 ? 1.0 : std::min(1.0, static_cast<double>(of.bytes) / static_cast<double>(*of.total_bytes));
    const auto filled = static_cast<std::size_t>(share * static_cast<double>(bar_width));
    auto percent = std::to_string(static_cast<std::uint64_t>(share * static_cast<double>(hundred)));
    percent.insert(0, 3 - percent.size(), ' ');
    out = '[' + std::string(filled, '#') + std::string(bar_width - filled, '.') + "] " + percent + " %  ";
  }
  out += std::to_string(of.lines) + (of.lines == 1 ? " line" : " lines");
  if (of.failed > 0)
    out += ", " + std::to_string(of.failed) + " failed";
  if (of.elapsed >= std::chrono::seconds{1})
    out += ", " + std::to_string(of.lines * 1000 / static_cast<std::uint64_t>(of.elapsed.count())) + "/s";
  return out;
}

progress_line::progress_line() : enabled_(::isatty(STDERR_FILENO) == 1), began_(clock::now()), next_(began_) {}

progress_line::~progress_line() {
  hide();
}

void progress_line::show(progress_state state, bool now) {
  const auto current = clock::now();
  if (!enabled_ || (!now && current < next_))
    return;
  state.elapsed = std::chrono::duration_cast<std::chrono::milliseconds>(current - began_);
  draw(std::string(clear_line) + render_progress(state));
  shown_ = true;
  next_ = current + pause;
}

void progress_line::hide() {
  if (!shown_)
    return;
  draw(clear_line);
  shown_ = false;
}

} // namespace cm::client
