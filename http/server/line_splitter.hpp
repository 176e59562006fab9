// Pieces of a stream in, lines out: for line-delimited JSON (ndjson), in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cm::http {

/// A line without its end.
struct numbered_line {
  std::uint64_t number = 0; ///< from 1
  std::string_view text;    ///< good only during the call; empty when too long
  bool too_long = false;
};

/// Cuts a stream of bytes into lines that end in LF or CRLF; an empty one is a line too. A line that is too long is
/// reported once, when it turns out so; its rest is skipped. Lines hold tokens: what it keeps is wiped, and never
/// copied about.
class line_splitter {
public:
  using handler = std::function<void(const numbered_line&)>;

  static constexpr std::size_t default_limit = std::size_t{64} * 1024;

  /// @param limit bytes of a line, its end not counted; more is too long. At least 1
  explicit line_splitter(std::size_t limit = default_limit);
  line_splitter(const line_splitter&) = delete;
  line_splitter(line_splitter&&) = delete;
  line_splitter& operator=(const line_splitter&) = delete;
  line_splitter& operator=(line_splitter&&) = delete;
  ~line_splitter();

  /// Takes the next piece and calls `on_line` for each line that is complete with it, in order.
  void feed(std::string_view bytes, const handler& on_line);

  /// The stream has come to its end: calls `on_line` for a last line that has no LF. Once.
  void finish(const handler& on_line);

  /// How many lines there were so far, those that were too long included; one that is not complete does not count.
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

  /// How many bytes of an unfinished line it holds: never more than the limit and one (a CR).
  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }

private:
  void keep(std::string_view part, const handler& on_line);
  void give(std::string_view text, const handler& on_line);
  void give_too_long(const handler& on_line);
  [[nodiscard]] bool is_too_long(std::string_view part) const noexcept;

  std::size_t limit_;
  std::string held_; // the beginning of a line whose end has not come
  std::uint64_t lines_ = 0;
  bool skipping_ = false; // the rest of a line that was too long
};

} // namespace cm::http
