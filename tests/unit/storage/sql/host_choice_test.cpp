#include "catch.hpp"
#include "storage/sql/host_choice.hpp"

using namespace cm;
using cm::storage::host_choice;
using std::chrono::milliseconds;

namespace {

core::steady_time at(int ms) {
  return core::steady_time{std::chrono::hours{1}} + milliseconds{ms};
}

using hosts = std::vector<std::size_t>;

} // namespace

TEST_CASE("hosts are tried from the preferred one on, and those that failed lately last, the earliest failure first") {
  host_choice choice;
  CHECK(choice.order(3, at(0)) == hosts{0, 1, 2});
  choice.move(0, 1);
  CHECK(choice.order(3, at(0)) == hosts{1, 2, 0});
  choice.failed(2, at(100), false);
  choice.failed(1, at(200), true);
  CHECK(choice.order(3, at(300)) == hosts{0, 2, 1});
  CHECK(choice.failed_lately(1, at(300)));
  CHECK(choice.silent(1, at(300)));
  CHECK_FALSE(choice.silent(2, at(300)));
}

TEST_CASE("a failure is forgotten after 10 s, and when the host has served") {
  host_choice choice;
  choice.failed(0, at(0), true);
  CHECK(choice.order(2, at(9999)) == hosts{1, 0});
  CHECK(choice.order(2, at(10'000)) == hosts{0, 1});
  choice.failed(0, at(20'000), true);
  choice.served(0);
  CHECK_FALSE(choice.failed_lately(0, at(20'001)));
  CHECK_FALSE(choice.silent(0, at(20'001)));
}

TEST_CASE("there is an alternative while another host has not failed lately") {
  host_choice choice;
  CHECK_FALSE(choice.has_alternative(0, 1, at(0)));
  CHECK(choice.has_alternative(0, 2, at(0)));
  choice.failed(1, at(0), false);
  CHECK_FALSE(choice.has_alternative(0, 2, at(1)));
  CHECK(choice.has_alternative(0, 3, at(1)));
  CHECK(choice.has_alternative(0, 2, at(10'000)));
}

TEST_CASE("the patience with a silent host doubles up to the connect time-out, and the only host has all of it") {
  host_choice choice;
  const milliseconds limit{5000};
  CHECK(choice.patience(0, 1, limit) == limit);
  CHECK(choice.patience(0, 2, limit) == milliseconds{1000});
  choice.failed(0, at(0), true);
  CHECK(choice.patience(0, 2, limit) == milliseconds{2000});
  choice.failed(0, at(1), false); // not silent: refused, for example
  CHECK(choice.patience(0, 2, limit) == milliseconds{2000});
  for (int i = 0; i < 100; ++i)
    choice.failed(0, at(i), true);
  CHECK(choice.patience(0, 2, limit) == limit);
  CHECK(choice.patience(0, 2, milliseconds{0}) == milliseconds{64'000}); // without a connect time-out
  choice.served(0);
  CHECK(choice.patience(0, 2, limit) == milliseconds{1000});
}

TEST_CASE("a host beyond the bound is used, but nothing is remembered of it") {
  host_choice choice;
  choice.failed(host_choice::max_hosts, at(0), true);
  choice.served(host_choice::max_hosts);
  CHECK_FALSE(choice.failed_lately(host_choice::max_hosts, at(0)));
  CHECK(choice.order(host_choice::max_hosts + 1, at(0)).size() == host_choice::max_hosts + 1);
}

TEST_CASE("one session at a time inspects") {
  host_choice choice;
  {
    const host_choice::inspection first{choice};
    CHECK(first.granted());
    CHECK_FALSE(host_choice::inspection{choice}.granted());
    CHECK_FALSE(host_choice::inspection{choice}.granted()); // a refused one does not end the first
  }
  CHECK(host_choice::inspection{choice}.granted());
}
