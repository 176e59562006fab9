// Standard output, or a file that appears when it is complete.
#pragma once

#include "core/base/error.hpp"

#include <string>
#include <string_view>

namespace cm::client {

class output {
public:
  /// Standard output.
  output() noexcept;

  /// A new file beside `path` ("path.part", for its owner only), which finish() puts in its place. Where `path` is
  /// something else than a file, such as a pipe, that is written to.
  /// @return errc::invalid with "FILE: reason"
  [[nodiscard]] static core::expected<output> to_file(const std::string& path);

  output(output&& other) noexcept;
  output(const output&) = delete;
  output& operator=(output&&) = delete;
  output& operator=(const output&) = delete;

  /// Takes a file away that was not finished.
  ~output();

  /// False where it cannot be written; error() says why.
  [[nodiscard]] bool write(std::string_view bytes);

  [[nodiscard]] core::expected<void> finish();

  /// Empty while nothing went wrong.
  [[nodiscard]] const std::string& error() const noexcept { return error_; }

private:
  int fd_;
  std::string name_ = "standard output";
  std::string part_; // empty: not a file of ours
  std::string error_;
};

} // namespace cm::client
