// Writes to standard output, or to a file that appears only when it is complete.
#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace cm::client {

class output {
public:
  /// Standard output.
  output() noexcept;

  /// Writes to a new file next to `path` ("path.part", accessible to its owner only), which finish() renames to `path`.
  /// If `path` exists and is not a regular file, such as a pipe, writes to it directly.
  /// @return errc::invalid with "FILE: reason"
  [[nodiscard]] static core::expected<output> to_file(const std::string& path);

  output(output&& other) noexcept;
  output(const output&) = delete;
  output& operator=(output&&) = delete;
  output& operator=(const output&) = delete;

  /// Removes a file that was not finished.
  ~output();

  /// Returns false if writing fails or has failed before; error() has the reason.
  [[nodiscard]] bool write(std::string_view bytes);

  [[nodiscard]] core::expected<void> finish();

  /// Empty if there was no error.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

private:
  int fd_;
  std::string name_ = "standard output";
  std::string part_; // path of the temporary file; empty if there is none
  std::string error_;
};

} // namespace cm::client
