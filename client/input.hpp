// Reads a file or standard input.
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "http/client/body_source.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <utility>

namespace cm::client {

class input final : public http::body_source {
public:
  /// @param path "-" is standard input, which the destructor does not close
  /// @return errc::invalid with "FILE: reason"
  [[nodiscard]] static core::expected<input> open(const std::string& path);

  input(input&& other) noexcept;
  input(const input&) = delete;
  input& operator=(input&&) = delete;
  input& operator=(const input&) = delete;
  ~input() override;

  /// The number of bytes to the end when it was opened, if it is a regular file.
  [[nodiscard]] std::optional<std::uint64_t> size() const noexcept { return size_; }

  /// The number of bytes that read() has returned so far.
  [[nodiscard]] std::uint64_t taken() const noexcept { return taken_; }

  [[nodiscard]] bool is_ready() const override;
  [[nodiscard]] core::expected<std::size_t> read(std::span<char> into) override;

  [[nodiscard]] int descriptor() const noexcept override { return fd_; }

  [[nodiscard]] bool is_terminal() const noexcept;

private:
  input(int fd, std::string name, std::optional<std::uint64_t> size) : fd_(fd), name_(std::move(name)), size_(size) {}

  int fd_;
  std::string name_;
  std::optional<std::uint64_t> size_;
  std::uint64_t taken_ = 0;
};

/// Reads a small file, such as a certificate, or a pipe; "-" is standard input.
/// @return errc::invalid with "FILE: reason", also for an empty file
[[nodiscard]] core::expected<std::string> read_small_file(const std::string& path, std::size_t max_size);

/// Reads a secret from a file without one trailing line end. "-" is standard input; on a terminal, prompts without
/// echo.
/// @param prompt for a terminal, such as "Password"
/// @return errc::invalid with "FILE: reason", also for an empty secret or one of more than 64 KiB
[[nodiscard]] core::expected<core::secret> read_secret(const std::string& path, const std::string& prompt);

} // namespace cm::client
