// Reads small files whole, and says when a file has changed.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cm::core {

/// The whole content of a regular file (links are followed) of at most `max_size` bytes. Never blocks on a pipe or a
/// device. The error (errc::invalid) names the reason, not the path: "No such file or directory", "is not a regular
/// file", "is larger than 1048576 bytes".
[[nodiscard]] expected<std::string> read_bounded_file(const std::string& path, std::size_t max_size);

/// What stat() tells of a file: differs after every usual way to change it, among them the exchange of a link by which
/// Kubernetes updates a mounted secret.
struct file_stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0; ///< Unix time

  friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

/// Nothing where there is no such file, or where it cannot be looked at. To detect every change, take the stamp before
/// reading the file.
[[nodiscard]] std::optional<file_stamp> file_stamp_of(const std::string& path) noexcept;

} // namespace cm::core
