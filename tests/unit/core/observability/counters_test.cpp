#include "catch.hpp"
#include "core/observability/counters.hpp"

#include <atomic>
#include <memory>

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

TEST_CASE("A linked gauge shows the count of its owner, and 0 before it is linked") {
  linked_gauge gauge;
  CHECK(gauge.value() == 0);
  const auto count = std::make_shared<std::atomic<std::size_t>>(3);
  gauge.link(count);
  CHECK(gauge.value() == 3);
  count->store(4);
  CHECK(gauge.value() == 4);
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
