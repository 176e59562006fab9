// Counts the result lines of an import.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cm::client {

/// Takes the answer of an import in pieces, hands on its whole lines and counts what they say.
class import_tally {
public:
  /// Takes whole lines with their ends; false: no more of them.
  using handler = std::function<bool(std::string_view)>;

  /// Longest line of a result, bytes.
  static constexpr std::size_t max_line = std::size_t{256} * 1024;

  explicit import_tally(handler on_lines) : on_lines_(std::move(on_lines)) {}

  import_tally(const import_tally&) = delete;
  import_tally& operator=(const import_tally&) = delete;
  ~import_tally();

  /// False: `on_lines` said so, or what comes is no result of an import (is_broken()).
  [[nodiscard]] bool feed(std::string_view bytes);

  [[nodiscard]] std::uint64_t lines() const noexcept { return created_ + unchanged_ + failed_; }

  [[nodiscard]] std::uint64_t created() const noexcept { return created_; }

  [[nodiscard]] std::uint64_t unchanged() const noexcept { return unchanged_; }

  [[nodiscard]] std::uint64_t failed() const noexcept { return failed_; }

  [[nodiscard]] bool is_broken() const noexcept { return broken_; }

  /// "10 lines: 8 created, 1 unchanged, 1 failed".
  [[nodiscard]] std::string summary() const;

private:
  [[nodiscard]] bool count(std::string_view line);

  handler on_lines_;
  std::string held_; // a line whose end has not come; it may show a token
  std::uint64_t created_ = 0;
  std::uint64_t unchanged_ = 0;
  std::uint64_t failed_ = 0;
  bool broken_ = false;
};

} // namespace cm::client
