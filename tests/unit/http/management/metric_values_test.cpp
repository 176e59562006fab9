#include "catch.hpp"
#include "http/management/metric_values.hpp"

#include <vector>

using namespace cm;

TEST_CASE("Values are found by name and label; what is absent or not an integer is 0") {
  const std::vector<core::collected_family> families{
    {{"plain", "help", core::metric_type::gauge}, {{{}, std::uint64_t{3}}}},
    {{"labelled", "help", core::metric_type::counter},
     {{{{"state", "a"}}, std::uint64_t{4}}, {{{"state", "b"}}, std::uint64_t{5}}}},
    {{"real", "help", core::metric_type::gauge}, {{{}, 0.5}}},
  };
  const http::metric_values values(families);
  CHECK(values.count("plain") == 3);
  CHECK(values.count("labelled", "b") == 5);
  CHECK(values.count("labelled", "c") == 0);
  CHECK(values.count("labelled") == 0);
  CHECK(values.count("real") == 0);
  CHECK(values.count("absent") == 0);
  CHECK(values.samples("labelled").size() == 2);
  CHECK(values.samples("absent").empty());
  CHECK(http::first_label(values.samples("labelled")[0]) == "a");
  CHECK(http::first_label(values.samples("plain")[0]).empty());
}
