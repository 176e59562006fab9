// A line on a terminal that shows how far something is.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace cm::client {

struct progress_state {
  std::uint64_t bytes = 0;                  ///< done
  std::optional<std::uint64_t> total_bytes; ///< where that is known
  std::uint64_t lines = 0;                  ///< results so far
  std::uint64_t failed = 0;
  std::chrono::milliseconds elapsed{0};
};

/// One line without its end, at most 80 characters: a bar and a share where the total is known, lines and their rate.
[[nodiscard]] std::string render_progress(const progress_state& of);

/// Draws it on standard error, ten times a second at most; nothing where that is no terminal.
class progress_line {
public:
  using clock = std::chrono::steady_clock;

  progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  /// Takes the line away.
  ~progress_line();

  /// `elapsed` is the line's own.
  void show(progress_state state, bool now = false);

  /// Takes the line away until it is shown again: something else comes to the terminal.
  void hide();

private:
  bool enabled_;
  bool shown_ = false;
  clock::time_point began_;
  clock::time_point next_;
};

} // namespace cm::client
