// A file or standard input, read without waiting.
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace cm::client {

class input {
public:
  /// @param path "-" is standard input, which is not closed afterwards
  /// @return errc::invalid with "FILE: reason"
  [[nodiscard]] static core::expected<input> open(const std::string& path);

  input(input&& other) noexcept;
  input(const input&) = delete;
  input& operator=(input&&) = delete;
  input& operator=(const input&) = delete;
  ~input();

  /// How many bytes are there from here to the end, where it is a file.
  [[nodiscard]] std::optional<std::uint64_t> size() const noexcept { return size_; }

  /// How many bytes read() has given so far.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

  /// Whether read() would not wait.
  [[nodiscard]] bool is_ready() const;

  /// As many bytes as there are, waiting for the first; 0 at the end.
  [[nodiscard]] core::expected<std::size_t> read(std::span<char> into);

  /// For poll().
  [[nodiscard]] int descriptor() const noexcept { return fd_; }

  [[nodiscard]] bool is_terminal() const noexcept;

private:
  input(int fd, std::string name, std::optional<std::uint64_t> size) : fd_(fd), name_(std::move(name)), size_(size) {}

  int fd_;
  std::string name_;
  std::optional<std::uint64_t> size_;
  std::uint64_t taken_ = 0;
};

/// The whole of a small file, such as a certificate; "-" is standard input. A pipe is as good as a file.
/// @return errc::invalid with "FILE: reason", also for an empty one
[[nodiscard]] core::expected<std::string> read_small_file(const std::string& path, std::size_t max_size);

/// A secret in a file, without one line end at its end; "-" is standard input, and a terminal is asked without echo.
/// @param prompt what a terminal is asked for: "Password"
/// @return errc::invalid with "FILE: reason", also for an empty one or one with more than 64 KiB
[[nodiscard]] core::expected<core::secret> read_secret(const std::string& path, const std::string& prompt);

} // namespace cm::client
