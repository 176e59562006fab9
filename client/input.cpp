#include "client/input.hpp"

#include <cerrno>
#include <fcntl.h>
#include <iostream>
#include <poll.h>
#include <sys/stat.h>
#include <system_error>
#include <termios.h>
#include <unistd.h>
#include <utility>

namespace cm::client {

namespace {

constexpr std::size_t max_secret = std::size_t{64} * 1024;

core::error unreadable(const std::string& name, const std::string& reason) {
  return core::make_error(core::errc::invalid, name + ": " + reason);
}

// Disables the echo of a terminal during its lifetime.
class echo_guard {
public:
  explicit echo_guard(int fd) : fd_(fd), done_(::tcgetattr(fd, &before_) == 0) {
    if (!done_)
      return;
    auto quiet = before_;
    quiet.c_lflag &= ~static_cast<tcflag_t>(ECHO);
    ::tcsetattr(fd_, TCSAFLUSH, &quiet);
  }

  echo_guard(const echo_guard&) = delete;
  echo_guard& operator=(const echo_guard&) = delete;

  ~echo_guard() {
    if (done_)
      ::tcsetattr(fd_, TCSAFLUSH, &before_);
  }

private:
  int fd_;
  termios before_{};
  bool done_;
};

core::expected<std::string> read_to_end(input& from, const std::string& name, std::size_t max_size, bool one_line) {
  std::string content(max_size + 1, '\0');
  std::size_t length = 0;
  while (length < content.size()) {
    const auto count = from.read(std::span(content).subspan(length));
    if (!count) {
      core::wipe(content);
      return count.error();
    }
    length += *count;
    if (*count == 0 || (one_line && content[length - 1] == '\n'))
      break;
  }
  if (length > max_size) {
    core::wipe(content);
    return unreadable(name, "is larger than " + std::to_string(max_size) + " bytes");
  }
  content.resize(length);
  if (content.empty())
    return unreadable(name, "is empty");
  return content;
}

std::string shown_name(const std::string& path) {
  return path == "-" ? "standard input" : path;
}

} // namespace

core::expected<input> input::open(const std::string& path) {
  const bool standard = path == "-";
  const int fd = standard ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0)
    return unreadable(path, std::generic_category().message(errno));
  input result{fd, shown_name(path), std::nullopt};

  struct stat status {};

  if (::fstat(fd, &status) != 0)
    return unreadable(result.name_, std::generic_category().message(errno));
  if (S_ISDIR(status.st_mode))
    return unreadable(result.name_, "is a directory");
  if (S_ISREG(status.st_mode)) {
    const auto offset = ::lseek(fd, 0, SEEK_CUR);
    result.size_ = static_cast<std::uint64_t>(offset >= 0 && offset < status.st_size ? status.st_size - offset : 0);
  }
  return result;
}

input::input(input&& other) noexcept
  : body_source(std::move(other)), fd_(std::exchange(other.fd_, -1)), name_(std::move(other.name_)), size_(other.size_),
    taken_(other.taken_) {}

input::~input() {
  if (fd_ > STDIN_FILENO)
    ::close(fd_);
}

bool input::is_ready() const {
  pollfd watched{fd_, POLLIN, 0};
  return size_ || ::poll(&watched, 1, 0) > 0;
}

core::expected<std::size_t> input::read(std::span<char> into) {
  for (;;) {
    const auto count = ::read(fd_, into.data(), into.size());
    if (count >= 0) {
      taken_ += static_cast<std::uint64_t>(count);
      return static_cast<std::size_t>(count);
    }
    if (errno == EAGAIN || errno == EWOULDBLOCK) { // another process made the descriptor non-blocking
      pollfd watched{fd_, POLLIN, 0};
      ::poll(&watched, 1, -1);
    } else if (errno != EINTR) {
      return unreadable(name_, std::generic_category().message(errno));
    }
  }
}

bool input::is_terminal() const noexcept {
  return ::isatty(fd_) == 1;
}

core::expected<std::string> read_small_file(const std::string& path, std::size_t max_size) {
  auto from = input::open(path);
  if (!from)
    return from.error();
  return read_to_end(*from, shown_name(path), max_size, false);
}

core::expected<core::secret> read_secret(const std::string& path, const std::string& prompt) {
  auto from = input::open(path);
  if (!from)
    return from.error();
  core::expected<std::string> text = [&] {
    if (!from->is_terminal())
      return read_to_end(*from, shown_name(path), max_secret, false);
    const echo_guard without_echo(from->descriptor()); // before the prompt, so that no typed character is echoed
    std::cerr << prompt << ": " << std::flush;
    auto line = read_to_end(*from, "the terminal", max_secret, true);
    std::cerr << '\n';
    return line;
  }();
  if (!text)
    return text.error();
  if (text->ends_with('\n'))
    text->pop_back();
  if (text->ends_with('\r'))
    text->pop_back();
  if (text->empty())
    return unreadable(shown_name(path), "is empty");
  return core::secret{std::move(*text)};
}

} // namespace cm::client
