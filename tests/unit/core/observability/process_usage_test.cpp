#include "catch.hpp"
#include "core/observability/process_usage.hpp"

#include <string>

using namespace cm::core;

TEST_CASE("/proc/self/stat is parsed for any process name") {
  const std::string rest =
    " S 1 1 1 0 -1 4194560 100 0 0 0 250 150 0 0 20 0 34 0 12345 1000000 250 18446744073709551615";
  for (const std::string name : {"(cm)", "(a b) c)", "()"}) {
    const auto read = parse_process_stat("4711 " + name + rest, 100, 4096);
    REQUIRE(read);
    CHECK(read->cpu_seconds == 4.0);
    CHECK(read->threads == 34);
    CHECK(read->virtual_bytes == 1'000'000);
    CHECK(read->resident_bytes == 250 * 4096);
  }
  CHECK_FALSE(parse_process_stat("", 100, 4096));
  CHECK_FALSE(parse_process_stat("4711 (cm) S 1 1", 100, 4096));
  CHECK_FALSE(parse_process_stat("4711 (cm)" + rest, 0, 4096));
  CHECK_FALSE(parse_process_stat("4711 (cm) S 1 1 1 0 -1 0 0 0 0 0 x 150 0 0 20 0 34 0 1 1 1", 100, 4096));
}

TEST_CASE("This process has threads, memory and open files") {
  const auto usage = read_process_usage();
  CHECK(usage.threads >= 1);
  CHECK(usage.resident_bytes > 0);
  CHECK(usage.virtual_bytes >= usage.resident_bytes);
  CHECK(usage.open_descriptors >= 3);
  CHECK(usage.max_descriptors >= usage.open_descriptors);
  CHECK(usage.heap_bytes >= usage.heap_used_bytes);
  CHECK(usage.processors >= 1);
}
