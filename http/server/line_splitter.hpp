// Splits a byte stream into lines, for newline-delimited JSON (ndjson), in bounded memory.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cm::http {

/// A line without its line ending.
struct numbered_line {
  std::uint64_t number = 0; ///< from 1
  std::string_view text;    ///< valid only during the call; empty if too_long
  bool too_long = false;
};

/// Splits a stream of bytes at LF or CRLF; empty lines count. A byte order mark (UTF-8) before the first line is
/// ignored. A line that is too long is reported once, as soon as it
/// exceeds the limit; its rest is skipped. Lines contain tokens: buffered bytes are wiped and never reallocated.
class line_splitter {
public:
  using handler = std::function<void(const numbered_line&)>;

  static constexpr std::size_t default_limit = std::size_t{64} * 1024;

  /// @param limit maximum length of a line in bytes, without its ending; 0 counts as 1
  explicit line_splitter(std::size_t limit = default_limit);
  line_splitter(const line_splitter&) = delete;
  line_splitter(line_splitter&&) = delete;
  line_splitter& operator=(const line_splitter&) = delete;
  line_splitter& operator=(line_splitter&&) = delete;
  ~line_splitter();

  /// Calls `on_line` for each line that `bytes` completes, in order.
  void feed(std::string_view bytes, const handler& on_line);

  /// End of the stream: calls `on_line` for a last line without LF. Call once.
  void finish(const handler& on_line);

  /// Number of lines reported so far, including those that were too long.
  [[nodiscard]] std::uint64_t lines() const noexcept { return lines_; }

  /// Bytes buffered of an unfinished line: at most limit + 4 (a byte order mark and a CR).
  [[nodiscard]] std::size_t held() const noexcept { return held_.size(); }

private:
  void keep(std::string_view part, const handler& on_line);
  void give(std::string_view text, const handler& on_line);
  void give_too_long(const handler& on_line);
  [[nodiscard]] bool is_too_long(std::string_view part) const noexcept;
  [[nodiscard]] std::size_t mark_size(std::string_view part) const noexcept;

  std::size_t limit_;
  std::string held_; // the beginning of an unfinished line
  std::uint64_t lines_ = 0;
  bool skipping_ = false; // discards the rest of a line that was too long
};

} // namespace cm::http
