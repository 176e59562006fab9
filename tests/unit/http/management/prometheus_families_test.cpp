#include "catch.hpp"
#include "http/management/prometheus_families.hpp"

#include <prometheus/text_serializer.h>

#include <string>
#include <vector>

using namespace cm;

namespace {

std::string text_of(const std::vector<core::collected_family>& families) {
  return prometheus::TextSerializer{}.Serialize(http::prometheus_families(families));
}

} // namespace

TEST_CASE("The buckets of a histogram are cumulative, and its sum is in seconds") {
  core::duration_counts durations;
  durations.counts[0] = 5;
  durations.counts[2] = 3;
  durations.counts.back() = 2;
  durations.sum_ns = 1'500'000'000;
  const auto converted = http::prometheus_families({{{"h", "help", core::metric_type::histogram}, {{{}, durations}}}});
  const auto& histogram = converted.at(0).metric.at(0).histogram;
  REQUIRE(histogram.bucket.size() == core::duration_counts::bounds.size());
  CHECK(histogram.bucket[0].cumulative_count == 5);
  CHECK(histogram.bucket[0].upper_bound == 50e-6);
  CHECK(histogram.bucket[1].cumulative_count == 5);
  CHECK(histogram.bucket[2].cumulative_count == 8);
  CHECK(histogram.bucket.back().cumulative_count == 8);
  CHECK(histogram.sample_count == 10);
  CHECK(histogram.sample_sum == 1.5);
}

TEST_CASE("Label values are escaped") {
  const std::vector<core::metric_label> labels{{"name", "a\"b\\c\nd"}};
  CHECK(text_of({{{"g", "help", core::metric_type::gauge}, {{labels, std::uint64_t{1}}}}})
        == "# HELP g help\n# TYPE g gauge\ng{name=\"a\\\"b\\\\c\\nd\"} 1\n");
}

TEST_CASE("A family without samples keeps its description") {
  CHECK(text_of({{{"c_total", "help", core::metric_type::counter}, {}}})
        == "# HELP c_total help\n# TYPE c_total counter\n");
}
