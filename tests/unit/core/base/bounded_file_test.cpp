#include "catch.hpp"
#include "core/base/bounded_file.hpp"
#include "license_files.hpp"

using namespace cm::core;
using license_files::directory;

TEST_CASE("a file is read completely up to the size limit; larger files are refused") {
  const directory dir;
  const std::string content = std::string("a\0b", 3) + std::string(97, 'x');
  const auto path = dir.write("file", content);
  CHECK(*read_bounded_file(path, 1000) == content);
  CHECK(*read_bounded_file(path, 100) == content);
  const auto refused = read_bounded_file(path, 99);
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == errc::invalid);
  CHECK(refused.error().message == "is larger than 99 bytes");
  CHECK(read_bounded_file(dir.write("empty", ""), 10)->empty());
}

TEST_CASE("the limit also applies to a file that reports no size") {
  CHECK_FALSE(read_bounded_file("/proc/self/environ", 1'000'000)->empty());
  CHECK(read_bounded_file("/proc/self/environ", 1).has_error());
}

TEST_CASE("anything but a regular file is refused") {
  CHECK(read_bounded_file("/dev/zero", 10).error().message == "is not a regular file");
  CHECK(read_bounded_file("/", 10).error().message == "is not a regular file");
  CHECK(read_bounded_file("/nowhere/at/all", 10).error().message == "No such file or directory");
}

TEST_CASE("the stamp of a file changes when the file is written or replaced, or its link changes") {
  const directory dir;
  CHECK_FALSE(file_stamp_of(dir.path("file")).has_value());
  const auto path = dir.write("file", "one");
  const auto first = file_stamp_of(path);
  REQUIRE(first.has_value());
  CHECK(file_stamp_of(path) == first);
  CHECK(first->size == 3);

  dir.write("file", "three");
  const auto written = file_stamp_of(path);
  CHECK(written != first);

  const auto other = dir.write("other", "three");
  std::filesystem::last_write_time(other, std::filesystem::last_write_time(path));
  CHECK(file_stamp_of(other)->modified_ns == written->modified_ns);
  std::filesystem::rename(other, path);
  CHECK(file_stamp_of(path) != written);

  const auto a = dir.write("a", "same");
  const auto b = dir.write("b", "same");
  std::filesystem::create_symlink(a, dir.path("link"));
  const auto before = file_stamp_of(dir.path("link"));
  std::filesystem::create_symlink(b, dir.path("new"));
  std::filesystem::rename(dir.path("new"), dir.path("link"));
  CHECK(file_stamp_of(dir.path("link")) != before);
}
