#include "core/base/bounded_file.hpp"

#include "core/base/secret.hpp"

#include <cerrno>
#include <fcntl.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace cm::core {

namespace {

class descriptor {
public:
  explicit descriptor(int fd) noexcept : fd_(fd) {}

  ~descriptor() {
    if (fd_ >= 0)
      ::close(fd_);
  }

  descriptor(const descriptor&) = delete;
  descriptor& operator=(const descriptor&) = delete;

  [[nodiscard]] int get() const noexcept { return fd_; }

private:
  int fd_;
};

error system_failure(int number) {
  return make_error(errc::invalid, std::generic_category().message(number));
}

error too_large(std::size_t max_size) {
  return make_error(errc::invalid, "is larger than " + std::to_string(max_size) + " bytes");
}

} // namespace

expected<std::string> read_bounded_file(const std::string& path, std::size_t max_size) {
  // O_NONBLOCK: opening a pipe must not wait for a writer. It has no effect on regular files.
  const descriptor file{::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK)};
  if (file.get() < 0)
    return system_failure(errno);

  struct stat status {};

  if (::fstat(file.get(), &status) != 0)
    return system_failure(errno);
  if (!S_ISREG(status.st_mode))
    return make_error(errc::invalid, "is not a regular file");
  if (status.st_size > 0 && static_cast<std::uint64_t>(status.st_size) > max_size)
    return too_large(max_size);

  // One byte more than the limit, to notice a file that has grown since fstat().
  std::string content(max_size + 1, '\0');
  std::size_t length = 0;
  while (length < content.size()) {
    const auto count = ::read(file.get(), content.data() + length, content.size() - length);
    if (count == 0)
      break;
    if (count < 0) {
      const int number = errno;
      if (number == EINTR)
        continue;
      wipe(content);
      return system_failure(number);
    }
    length += static_cast<std::size_t>(count);
  }
  if (length > max_size) {
    wipe(content);
    return too_large(max_size);
  }
  content.resize(length);
  return content;
}

std::optional<file_stamp> file_stamp_of(const std::string& path) noexcept {
  struct stat status {};

  if (::stat(path.c_str(), &status) != 0)
    return std::nullopt;
  constexpr std::int64_t ns_per_s = 1'000'000'000;
  return file_stamp{static_cast<std::uint64_t>(status.st_dev), static_cast<std::uint64_t>(status.st_ino),
                    static_cast<std::int64_t>(status.st_size),
                    static_cast<std::int64_t>(status.st_mtim.tv_sec) * ns_per_s + status.st_mtim.tv_nsec};
}

} // namespace cm::core
