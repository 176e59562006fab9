#include "catch.hpp"
#include "core/observability/metrics.hpp"
#include "core/observability/process_usage.hpp"

#include <string>

using namespace cm::core;
using namespace std::chrono_literals;

TEST_CASE("A duration is counted in the first bucket whose upper bound it does not exceed") {
  duration_histogram<counter> histogram;
  histogram.observe(50us, 1); // upper bounds are inclusive
  histogram.observe(50'001ns, 2);
  histogram.observe(11s, 3); // above the last bound
  histogram.observe(-1s, 4); // negative, because clocks disagree: counts as 0
  duration_counts counts;
  histogram.add_to(counts);
  CHECK(counts.counts.front() == 5);
  CHECK(counts.counts[1] == 2);
  CHECK(counts.counts.back() == 3);
  CHECK(counts.total() == 10);
  CHECK(counts.sum_ns == 50'000 + 2 * 50'001 + 3 * 11'000'000'000);
}

TEST_CASE("The histograms of several writers add up") {
  duration_histogram<counter> first;
  duration_histogram<shared_counter> second;
  first.observe(1ms, 5);
  second.observe(1ms, 7);
  duration_counts counts;
  first.add_to(counts);
  second.add_to(counts);
  CHECK(counts.total() == 12);
}

TEST_CASE("The statuses of 16/ECAP have the first indexes, and an unknown status has the last") {
  for (const int status : {200, 400, 401, 403, 404, 408, 409, 429, 500, 503}) {
    REQUIRE(status_place(status) < ecap_status_count);
    CHECK(counted_statuses[status_place(status)] == status);
  }
  CHECK(status_place(201) >= ecap_status_count);
  CHECK(status_place(418) == counted_statuses.size() - 1);
  CHECK(status_place(0) == counted_statuses.size() - 1);
}

TEST_CASE("Responses are counted by route and status, and those without a route separately") {
  http_counters counters{2};
  const steady_time now{1h};
  counters.answered(1, 200, 3ms, now);
  counters.answered(1, 200, 4ms, now + 1s);
  counters.answered(http_counters::no_route, 404, 1ms, now);
  counters.answered(99, 404, 1ms, now);
  CHECK(counters.count(1, status_place(200)) == 2);
  CHECK(counters.count(0, status_place(200)) == 0);
  CHECK(counters.count(http_counters::no_route, status_place(404)) == 2);
  CHECK(counters.last(1).took_ns == 4'000'000);
  CHECK(counters.last(0).at_ns == 0);
  duration_counts all;
  counters.add_to(status_place(200), all);
  CHECK(all.total() == 2);
}

TEST_CASE("A named counter is created once and keeps its value") {
  named_counters counters;
  const auto before = counters.read();
  counters.get("one")->total.add(2);
  counters.get("two")->present.set(1);
  counters.get("one")->total.add(3);
  CHECK(before->empty()); // a list that was read does not change
  const auto list = counters.read();
  REQUIRE(list->size() == 2);
  CHECK(list->front()->name == "one");
  CHECK(list->front()->total.value() == 5);
}

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
