// Reads small files completely, and detects changes of a file.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

namespace cm::core {

/// Returns the whole content of a regular file of at most `max_size` bytes; follows symbolic links. Never blocks on a
/// pipe or a device. The error (errc::invalid) states the reason without the path: "No such file or directory", "is not
/// a regular file", "is larger than 1048576 bytes".
[[nodiscard]] expected<std::string> read_bounded_file(const std::string& path, std::size_t max_size);

/// The result of stat() for a file. It differs after any usual change of the file, including the symbolic link swap by
/// which Kubernetes updates a mounted secret.
struct file_stamp {
  std::uint64_t device = 0;
  std::uint64_t inode = 0;
  std::int64_t size = 0;
  std::int64_t modified_ns = 0; ///< Unix time

  friend bool operator==(const file_stamp&, const file_stamp&) = default;
};

/// Empty if the file does not exist or stat() fails. To detect every change, take the stamp before reading the file.
[[nodiscard]] std::optional<file_stamp> file_stamp_of(const std::string& path) noexcept;

} // namespace cm::core
