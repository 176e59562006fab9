#include "client/output.hpp"

#include <cerrno>
#include <cstdio>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>
#include <utility>

namespace cm::client {

output::output() noexcept : fd_(STDOUT_FILENO) {}

core::expected<output> output::to_file(const std::string& path) {
  output result;
  result.name_ = path;

  struct stat status {};

  const bool other = ::stat(path.c_str(), &status) == 0 && !S_ISREG(status.st_mode);
  const auto opened = other ? path : path + ".part";
  result.fd_ = ::open(opened.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, S_IRUSR | S_IWUSR);
  if (result.fd_ < 0)
    return core::make_error(core::errc::invalid, opened + ": " + std::generic_category().message(errno));
  if (!other)
    result.part_ = opened;
  return result;
}

output::output(output&& other) noexcept
  : fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)), part_(std::exchange(other.part_, {})),
    error_(std::move(other.error_)) {}

output::~output() {
  if (fd_ > STDERR_FILENO)
    ::close(fd_);
  if (!part_.empty())
    ::unlink(part_.c_str());
}

bool output::write(std::string_view bytes) {
  while (!bytes.empty() && error_.empty()) {
    const auto count = ::write(fd_, bytes.data(), bytes.size());
    if (count >= 0) {
      bytes.remove_prefix(static_cast<std::size_t>(count));
    } else if (errno == EAGAIN || errno == EWOULDBLOCK) { // another process made the descriptor non-blocking
      pollfd watched{fd_, POLLOUT, 0};
      ::poll(&watched, 1, -1);
    } else if (errno != EINTR) {
      error_ = name_ + ": " + std::generic_category().message(errno);
    }
  }
  return error_.empty();
}

core::expected<void> output::finish() {
  if (!error_.empty())
    return core::make_error(core::errc::invalid, error_);
  if (part_.empty())
    return {};
  if (::fsync(fd_) != 0 || std::rename(part_.c_str(), name_.c_str()) != 0)
    return core::make_error(core::errc::invalid, name_ + ": " + std::generic_category().message(errno));
  part_.clear();
  return {};
}

} // namespace cm::client
