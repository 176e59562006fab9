#include "catch.hpp"
#include "http/server/line_splitter.hpp"

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using cm::http::line_splitter;
using cm::http::numbered_line;

namespace {

using seen = std::vector<std::pair<std::uint64_t, std::string>>;

// Lines that are too long appear as "<too long>".
seen split(std::string_view bytes, std::size_t step, std::size_t limit = line_splitter::default_limit) {
  seen all;
  const auto note = [&](const numbered_line& line) {
    all.emplace_back(line.number, line.too_long ? "<too long>" : std::string{line.text});
  };
  line_splitter splitter{limit};
  for (std::size_t at = 0; at < bytes.size(); at += step) {
    splitter.feed(bytes.substr(at, step), note);
    CHECK(splitter.held() <= limit + 4);
  }
  splitter.finish(note);
  return all;
}

} // namespace

TEST_CASE("Lines do not depend on how the stream is split into pieces") {
  const std::size_t step = GENERATE(1U, 2U, 3U, 5U, 100U);
  CHECK(split("one\ntwo\r\nthree\n", step) == seen{{1, "one"}, {2, "two"}, {3, "three"}});
  CHECK(split("a\rb\r\r\nc", step) == seen{{1, "a\rb\r"}, {2, "c"}});
  CHECK(split("last\r", step) == seen{{1, "last"}});
  CHECK(split("", step).empty());
}

TEST_CASE("A byte order mark before the first line is ignored, and does not count for the line's length") {
  const std::size_t step = GENERATE(1U, 2U, 3U, 4U, 5U, 100U);
  const std::string mark = "\xEF\xBB\xBF";
  CHECK(split(mark + "a\nb\n", step, 64) == seen{{1, "a"}, {2, "b"}});
  CHECK(split(mark + "a\r\n" + mark + "b", step, 64) == seen{{1, "a"}, {2, mark + "b"}});
  CHECK(split(mark, step, 64).empty());
  CHECK(split(mark + "\na", step, 64) == seen{{1, ""}, {2, "a"}});
  CHECK(split("\xEF\xBB"
              "a\n",
              step, 64)
        == seen{{1, "\xEF\xBB"
                    "a"}});
  const std::string longest(64, 'x');
  CHECK(split(mark + longest + "\r\n" + longest + "\n", step, 64) == seen{{1, longest}, {2, longest}});
  CHECK(split(mark + longest + "x\na\n", step, 64) == seen{{1, "<too long>"}, {2, "a"}});
}

TEST_CASE("Empty lines are reported") {
  const std::size_t step = GENERATE(1U, 2U, 100U);
  CHECK(split("\n\r\na\n \t \n\nb\n\n", step)
        == seen{{1, ""}, {2, ""}, {3, "a"}, {4, " \t "}, {5, ""}, {6, "b"}, {7, ""}});
  CHECK(split(" \r", step) == seen{{1, " "}});
}

TEST_CASE("A line that is too long is reported once, and the following lines are complete") {
  const std::size_t step = GENERATE(1U, 2U, 3U, 4U, 7U, 100U);
  CHECK(split("12345\nabc\n", step, 4) == seen{{1, "<too long>"}, {2, "abc"}});
  CHECK(split("1234\n1234\r\n1234", step, 4) == seen{{1, "1234"}, {2, "1234"}, {3, "1234"}});
  CHECK(split("1234\rx\na\n", step, 4) == seen{{1, "<too long>"}, {2, "a"}});
  CHECK(split("1234\r\r\na\n", step, 4) == seen{{1, "<too long>"}, {2, "a"}});
  CHECK(split("a\n" + std::string(1000, 'x'), step, 4) == seen{{1, "a"}, {2, "<too long>"}});
  CHECK(split("1234\r", step, 4) == seen{{1, "1234"}});
  CHECK(split("12345\n\n1\n", step, 4) == seen{{1, "<too long>"}, {2, ""}, {3, "1"}});
}

TEST_CASE("A line that is too long is reported before its end is received") {
  seen all;
  const auto note = [&](const numbered_line& line) { all.emplace_back(line.number, line.too_long ? "!" : "?"); };
  line_splitter splitter;
  splitter.feed(std::string(65536, 'x'), note);
  CHECK(all.empty());
  CHECK(splitter.held() == 65536);
  splitter.feed("x", note);
  CHECK(all == seen{{1, "!"}});
  CHECK(splitter.held() == 0);
  for (int i = 0; i < 100; ++i)
    splitter.feed(std::string(65536, 'x'), note);
  CHECK(splitter.held() == 0);
  splitter.feed("\nb\n", note);
  CHECK(all == seen{{1, "!"}, {2, "?"}});
}

TEST_CASE("A line of exactly 64 KiB is accepted, with LF or CRLF") {
  const std::string longest(65536, 'x');
  const std::size_t step = GENERATE(1000U, 65536U, 65537U, 1000000U);
  CHECK(split(longest + "\n" + longest + "\r\n" + longest, step) == seen{{1, longest}, {2, longest}, {3, longest}});
  CHECK(split(longest + "x\n", step) == seen{{1, "<too long>"}});
}

TEST_CASE("lines() counts all lines except the unfinished one") {
  line_splitter splitter{4};
  const auto ignore = [](const numbered_line&) {};
  splitter.feed("a\n\n12345\nb", ignore);
  CHECK(splitter.lines() == 3);
  splitter.finish(ignore);
  CHECK(splitter.lines() == 4);
}
