// A progress line on a terminal.
#pragma once

#include <chrono>
#include <cstdint>
#include <optional>
#include <string>

namespace cm::client {

struct progress_state {
  std::uint64_t bytes = 0;                  ///< processed so far
  std::optional<std::uint64_t> total_bytes; ///< if known
  std::uint64_t lines = 0;                  ///< results so far
  std::uint64_t failed = 0;
  std::chrono::milliseconds elapsed{0};
};

/// One line without a line end, at most 80 characters: a bar and a percentage if the total is known, the number of
/// lines and their rate.
[[nodiscard]] std::string render_progress(const progress_state& of);

/// Draws the progress on standard error, at most ten times a second. Does nothing if standard error is not a terminal.
class progress_line {
public:
  using clock = std::chrono::steady_clock;

  progress_line();
  progress_line(const progress_line&) = delete;
  progress_line& operator=(const progress_line&) = delete;

  /// Removes the line.
  ~progress_line();

  /// Sets state.elapsed itself.
  /// @param now draw also if the line was drawn less than 100 ms ago
  void show(progress_state state, bool now = false);

  /// Removes the line until the next show(). Call it before writing to the terminal.
  void hide();

private:
  bool enabled_;
  bool shown_ = false;
  clock::time_point began_;
  clock::time_point next_;
};

} // namespace cm::client
