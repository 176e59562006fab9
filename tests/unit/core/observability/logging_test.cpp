#include "catch.hpp"
#include "core/base/text.hpp"
#include "core/observability/log_format.hpp"
#include "core/observability/logging.hpp"
#include "license_files.hpp"

#include <boost/json.hpp>

#include <fcntl.h>
#include <future>
#include <sys/stat.h>
#include <unistd.h>

using namespace cm::core;
using namespace std::string_view_literals;
namespace json = boost::json;
using license_files::directory;

namespace {

const timestamp at = *parse_iso8601("2026-11-22T14:17:00.123Z");

std::string text(std::string_view message, std::string_view level = "INFO") {
  std::string out;
  detail::append_text(out, {at, level, "cm.http", message});
  return out;
}

json::object parsed_line(std::string_view line) {
  return json::parse(json::string_view{line.data(), line.size()}).as_object();
}

json::object object(std::string_view message) {
  std::string out;
  detail::append_json(out, {at, "WARN", "cm.http", message});
  CHECK(out.find('\n') == std::string::npos);
  return parsed_line(out);
}

std::string member(const json::object& o, std::string_view name) {
  const auto& value = o.at(json::string_view{name.data(), name.size()}).as_string();
  return {value.data(), value.size()};
}

std::string message(std::string_view raw) {
  return member(object(raw), "message");
}

std::vector<std::string> lines_of(const std::string& path) {
  std::ifstream in{path};
  std::vector<std::string> lines;
  for (std::string line; std::getline(in, line);)
    lines.push_back(line);
  return lines;
}

logging_settings to_file(const std::string& path, log_format format = log_format::automatic) {
  logging_settings s;
  s.file = path;
  s.format = format;
  return s;
}

/// Shuts logging down after each test, also after a failed one.
struct ends_logging {
  ends_logging() = default;

  ~ends_logging() { shutdown_logging(); }

  ends_logging(const ends_logging&) = delete;
  ends_logging& operator=(const ends_logging&) = delete;
};

} // namespace

TEST_CASE("a line of text has time, level, logger and message") {
  CHECK(text("ready") == "2026-11-22T14:17:00.123Z INFO  [cm.http] ready");
  CHECK(text("broken", "ERROR") == "2026-11-22T14:17:00.123Z ERROR [cm.http] broken");
}

TEST_CASE("a line of JSON has time, level, logger and message") {
  const auto o = object("ready");
  CHECK(member(o, "time") == "2026-11-22T14:17:00.123Z");
  CHECK(member(o, "level") == "WARN");
  CHECK(member(o, "logger") == "cm.http");
  CHECK(member(o, "message") == "ready");
  CHECK(o.size() == 4);
}

TEST_CASE("text cannot begin a new line or control a terminal") {
  CHECK(text("a\nb\r\tc") == text("a\\nb\\r\\tc"));
  CHECK(text("\x1b[2J\x07\x7f"sv) == text("\\u001b[2J\\u0007\\u007f"));
  CHECK(text("a\0b"sv) == text("a\\u0000b"));
  CHECK(text("\xc2\x9b[2J") == text("\\u009b[2J"));
  CHECK(text("\xe2\x80\xa8\xe2\x80\xa9") == text("\\u2028\\u2029"));
  CHECK(text("gr\xc3\xbc\xc3\x9f"
             "e \xf0\x9f\x98\x80")
        == "2026-11-22T14:17:00.123Z INFO  [cm.http] gr\xc3\xbc\xc3\x9f"
           "e \xf0\x9f\x98\x80");
  CHECK(text("a\xff\xc3(\xed\xa0\x80") == text("a\xef\xbf\xbd\xef\xbf\xbd(\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd"));
}

TEST_CASE("JSON preserves every valid text") {
  for (const auto raw : {""sv, "\"quoted\" \\ back\\slash"sv, "a\nb\r\tc\b\f"sv, "a\0b"sv, "\x1b[2J\x7f"sv,
                         "\xc2\x80\xc2\x9b\xc2\x9f"sv, "\xe2\x80\xa8"sv, "gr\xc3\xbc\xc3\x9f"sv, "\xf0\x9f\x98\x80"sv,
                         "\xf4\x8f\xbf\xbf"sv, "</script>{}[],:"sv, "\\u0041"sv}) {
    INFO(raw);
    CHECK(message(raw) == raw);
  }
  std::string every;
  for (char c = 0; c < 127; ++c)
    every += c;
  CHECK(message(every) == every);
}

TEST_CASE("JSON is valid for any bytes") {
  CHECK(message("a\xff") == "a\xef\xbf\xbd");
  CHECK(message("\xc3") == "\xef\xbf\xbd");
  for (int first = 0; first < 256; ++first) {
    for (int second = 0; second < 256; ++second) {
      const std::string raw{'a', static_cast<char>(first), static_cast<char>(second), 'z'};
      const auto given = message(raw);
      if (is_utf8(raw) ? given != raw : (given.front() != 'a' || given.back() != 'z' || !is_utf8(given)))
        FAIL("bytes " << first << ' ' << second);
    }
  }
}

TEST_CASE("fields are members in JSON and follow the message in text") {
  const auto payload =
    fmt::format("token {} revoked{}", 7, log_fields{{"correlationId", "c-1"}, {"actor", "kc user"}, {"empty", ""}});
  const auto o = object(payload);
  CHECK(member(o, "message") == "token 7 revoked");
  CHECK(member(o, "correlationId") == "c-1");
  CHECK(member(o, "actor") == "kc user");
  CHECK(o.size() == 6);
  CHECK(text(payload) == text("token 7 revoked [correlationId=c-1 actor=\"kc user\"]"));
  CHECK(text(fmt::format("alone{}", log_fields{{"a", "b"}})) == text("alone [a=b]"));
  CHECK(text(fmt::format("none{}", log_fields{})) == text("none"));
}

TEST_CASE("fields that are not last, or occur twice, are still separated from the message") {
  const auto payload = fmt::format("a{}b{}c", log_fields{{"x", "1"}}, log_fields{{"y", "2"}});
  CHECK(text(payload) == text("abc [x=1 y=2]"));
  CHECK(member(object(payload), "message") == "abc");
}

TEST_CASE("the value of a field cannot forge another field or a line") {
  const auto payload = fmt::format("m{}", log_fields{{"correlationId", "x] [actor=root\n2026 \"quoted\" \\"}});
  CHECK(text(payload) == text("m [correlationId=\"x] [actor=root\\n2026 \\\"quoted\\\" \\\\\"]"));
  const auto o = object(payload);
  CHECK(o.size() == 5);
  CHECK(member(o, "correlationId") == "x] [actor=root\n2026 \"quoted\" \\");
}

TEST_CASE("a message cannot forge fields") {
  const auto encoded = log_fields{{"actor", "root"}}.encoded();
  const auto& marker = detail::field_marker();
  REQUIRE(encoded.substr(0, marker.size()) == marker);
  auto guessed = encoded;
  guessed[0] = guessed[0] == '0' ? '1' : '0';
  CHECK(object("m" + guessed).size() == 4);
  for (const auto* forged : {"m\x1e"
                             "5:actor4:root\x1e",
                             "m5:actor4:root"})
    CHECK(object(forged).size() == 4);
}

TEST_CASE("truncated or damaged fields do no harm") {
  const auto encoded = fmt::format("m{}", log_fields{{"actor", "root"}, {"x", "y"}});
  for (std::size_t length = 0; length < encoded.size(); ++length) {
    const auto line = text(std::string_view{encoded}.substr(0, length));
    CHECK(is_utf8(line));
    (void)object(std::string_view{encoded}.substr(0, length));
  }
  const auto& marker = detail::field_marker();
  for (const auto* parts :
       {"99:a", "-1:a", "18446744073709551615:a", "18446744073709551616:a", ":", "1", "1:", "1:a", "0:0:", "x:y"})
    (void)object("m" + marker + parts + marker);
}

TEST_CASE("lines are appended to the file in JSON") {
  const ends_logging at_end;
  const directory dir;
  const auto path = dir.write("cm.log", "before\n");
  REQUIRE(set_up_logging(to_file(path), true).has_value());
  logger("cm.http")->info("hello {}{}", "world", log_fields{{"correlationId", "c-1"}});
  logger("cm.storage")->debug("not shown");
  logger("cm.storage")->error("broken");
  shutdown_logging();
  const auto lines = lines_of(path);
  REQUIRE(lines.size() == 3);
  CHECK(lines[0] == "before");
  const auto first = parsed_line(lines[1]);
  CHECK(member(first, "logger") == "cm.http");
  CHECK(member(first, "level") == "INFO");
  CHECK(member(first, "message") == "hello world");
  CHECK(member(first, "correlationId") == "c-1");
  CHECK(parse_iso8601(member(first, "time")).has_value());
  const auto second = parsed_line(lines[2]);
  CHECK(member(second, "logger") == "cm.storage");
  CHECK(member(second, "level") == "ERROR");
}

TEST_CASE("the configured format is used, also for a file") {
  const ends_logging at_end;
  const directory dir;
  REQUIRE(set_up_logging(to_file(dir.path("cm.log"), log_format::text), false).has_value());
  logger("cm")->warn("two\nlines");
  shutdown_logging();
  const auto lines = lines_of(dir.path("cm.log"));
  REQUIRE(lines.size() == 1);
  CHECK(lines[0].find(" WARN  [cm] two\\nlines") == 24);
}

TEST_CASE("a logger has the level of the longest configured prefix of whole parts") {
  const ends_logging at_end;
  const directory dir;
  auto s = to_file(dir.path("cm.log"));
  SECTION("with root") {
    s.levels = {
      {"root", "error"}, {"cm", "warn"}, {"cm.http", "debug"}, {"cm.http.session", "OFF"}, {"cm.st", "trace"}};
    REQUIRE(set_up_logging(s, false).has_value());
    CHECK(logger("cm")->level() == spdlog::level::warn);
    CHECK(logger("cm.http")->level() == spdlog::level::debug);
    CHECK(logger("cm.http.listener")->level() == spdlog::level::debug);
    CHECK(logger("cm.http.session")->level() == spdlog::level::off);
    CHECK(logger("cm.http.session.one")->level() == spdlog::level::off);
    CHECK(logger("cm.storage")->level() == spdlog::level::warn);
    CHECK(logger("other")->level() == spdlog::level::err);
    CHECK(logger("cmx")->level() == spdlog::level::err);
  }
  SECTION("without root the default is INFO") {
    s.levels = {{"cm.http", "critical"}};
    REQUIRE(set_up_logging(s, false).has_value());
    CHECK(logger("cm.http")->level() == spdlog::level::critical);
    CHECK(logger("cm")->level() == spdlog::level::info);
  }
}

TEST_CASE("a second request for a logger returns the same logger") {
  CHECK(logger("cm.same") == logger("cm.same"));
  CHECK(logger("cm.same") != logger("cm.same.not"));
}

TEST_CASE("an unknown level, or a file that cannot be opened, is an error that names it") {
  const ends_logging at_end;
  const directory dir;
  auto s = to_file(dir.path("cm.log"));
  s.levels = {{"cm.http", "loud"}};
  const auto level = set_up_logging(s, false);
  REQUIRE(level.has_error());
  CHECK(level.error().code == errc::invalid);
  CHECK(level.error().message.find("logging.level.cm.http: 'loud'") == 0);

  const auto file = set_up_logging(to_file("/proc/nowhere/cm.log"), false);
  REQUIRE(file.has_error());
  CHECK(file.error().code == errc::invalid);
  CHECK(file.error().message.find("/proc/nowhere/cm.log") != std::string::npos);
}

TEST_CASE("written lines are counted by level") {
  const ends_logging at_end;
  const directory dir;
  auto s = to_file(dir.path("cm.log"));
  s.levels = {{"root", "debug"}};
  REQUIRE(set_up_logging(s, false).has_value());
  const auto before = log_counts();
  const auto log = logger("cm.count");
  log->trace("not shown");
  log->debug("d");
  log->info("i");
  log->info("i");
  log->warn("w");
  log->error("e");
  log->critical("c");
  shutdown_logging();
  const auto after = log_counts();
  CHECK(after.trace == before.trace);
  CHECK(after.debug == before.debug + 1);
  CHECK(after.info == before.info + 2);
  CHECK(after.warn == before.warn + 1);
  CHECK(after.error == before.error + 1);
  CHECK(after.critical == before.critical + 1);
  CHECK(lines_of(dir.path("cm.log")).size() == 6);
}

TEST_CASE("when the output stalls, loggers do not block, the oldest lines are dropped, and their number is counted") {
  const ends_logging at_end;
  const directory dir;
  const auto path = dir.path("pipe");
  REQUIRE(::mkfifo(path.c_str(), 0600) == 0);
  const int reader = ::open(path.c_str(), O_RDWR | O_CLOEXEC); // NOLINT: of POSIX
  REQUIRE(reader >= 0);
  REQUIRE(set_up_logging(to_file(path), false).has_value());
  const auto log = logger("cm.stalled");
  const auto before = log_counts();
  // The pipe holds 64 KiB and the ring buffer 8,192 lines: if logging blocked, this loop would never end.
  constexpr std::uint64_t sent = 4 * log_queue_length;
  for (std::uint64_t i = 0; i < sent; ++i)
    log->info("line {}", i);
  const auto dropped = log_counts().dropped;
  CHECK(dropped > sent / 2);

  // A last line marks the end of the stream; it is newer than all dropped lines.
  auto all = std::async(std::launch::async, [reader] {
    std::string content;
    std::string buffer(65536, '\0');
    while (content.find("the end") == std::string::npos) {
      const auto count = ::read(reader, buffer.data(), buffer.size());
      if (count <= 0)
        break;
      content.append(buffer, 0, static_cast<std::size_t>(count));
    }
    return content;
  });
  log->info("the end");
  shutdown_logging();
  const auto content = all.get();
  ::close(reader);
  CHECK(content.find("line " + std::to_string(sent - 1)) != std::string::npos);
  const auto written = static_cast<std::uint64_t>(std::count(content.begin(), content.end(), '\n'));
  CHECK(written < sent / 2);
  CHECK(log_counts().info - before.info >= written);
}

TEST_CASE("loggers that are obtained after the shutdown write synchronously") {
  const directory dir;
  REQUIRE(set_up_logging(to_file(dir.path("cm.log")), false).has_value());
  shutdown_logging();
  logger("cm.late")->info("late");
  CHECK(lines_of(dir.path("cm.log")).size() == 1);
  shutdown_logging();
}

TEST_CASE("the termination message replaces the content of the file, if there is one") {
  const directory dir;
  const auto path = dir.write("termination-log", "something longer than what follows");
  write_termination_message("gave up", path.c_str());
  CHECK(lines_of(path) == std::vector<std::string>{"gave up"});

  write_termination_message("x", dir.path("none").c_str());
  CHECK_FALSE(std::filesystem::exists(dir.path("none")));
  write_termination_message("x", dir.path("").c_str());
  write_termination_message("x", "/nowhere/at/all");
}

TEST_CASE("a long termination message is truncated to 4096 bytes, between characters") {
  const directory dir;
  const auto path = dir.write("termination-log", "");
  write_termination_message(std::string(5000, 'x'), path.c_str());
  CHECK(std::filesystem::file_size(path) == 4096);
  std::string umlauts = "x";
  for (int i = 0; i < 3000; ++i)
    umlauts += "\xc3\xbc";
  write_termination_message(umlauts, path.c_str());
  CHECK(std::filesystem::file_size(path) == 4095);
  CHECK(is_utf8(lines_of(path).at(0)));
}
