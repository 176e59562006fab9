#include "core/configuration/files.hpp"

#include "core/base/bounded_file.hpp"

#include <cerrno>
#include <sys/stat.h>
#include <system_error>
#include <unistd.h>

namespace cm::core::configuration {

namespace {

// A zero byte would truncate the path in system calls.
bool has_zero(const std::string& path) {
  return path.find('\0') != std::string::npos;
}

expected<std::string> read(const std::string& path, std::size_t limit) {
  if (has_zero(path))
    return make_error(errc::invalid, "a zero byte in the path");
  return read_bounded_file(path, limit);
}

} // namespace

expected<std::string> read_configuration_file(const std::string& path) {
  return read(path, max_configuration_bytes);
}

expected<std::string> read_secret_file(const std::string& path) {
  auto text = read(path, max_secret_bytes);
  if (!text)
    return text;
  if (text->ends_with('\n')) {
    text->pop_back();
    if (text->ends_with('\r'))
      text->pop_back();
  }
  if (text->empty())
    return make_error(errc::invalid, "is empty");
  return text;
}

std::optional<std::string> why_not_readable(const std::string& path) {
  if (has_zero(path))
    return "a zero byte in the path";

  struct stat status {};

  if (::stat(path.c_str(), &status) != 0)
    return std::generic_category().message(errno);
  if (S_ISDIR(status.st_mode))
    return std::generic_category().message(EISDIR);
  if (::access(path.c_str(), R_OK) != 0)
    return std::generic_category().message(errno);
  return std::nullopt;
}

} // namespace cm::core::configuration
