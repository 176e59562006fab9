// Counts the result lines of an import.
#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace cm::client {

/// Receives the response of an import in pieces, passes complete lines on and counts their results.
class import_tally {
public:
  /// Receives complete lines with their line ends; returns false to abort.
  using handler = std::function<bool(std::string_view)>;

  /// Longest result line in bytes.
  static constexpr std::size_t max_line = std::size_t{256} * 1024;

  explicit import_tally(handler on_lines) : on_lines_(std::move(on_lines)) {}

  import_tally(const import_tally&) = delete;
  import_tally& operator=(const import_tally&) = delete;
  ~import_tally();

  /// Returns false if `on_lines` did, or if the bytes are not results of an import (is_broken()).
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
  std::string held_; // an incomplete line; may contain a token, so the destructor wipes it
  std::uint64_t created_ = 0;
  std::uint64_t unchanged_ = 0;
  std::uint64_t failed_ = 0;
  bool broken_ = false;
};

} // namespace cm::client
