#include "actors/database/worker_shares.hpp"
#include "catch.hpp"

#include <map>
#include <string>
#include <vector>

using namespace cm::actors;

namespace {

worker_shares::class_set waiting(std::initializer_list<work_class> which) {
  worker_shares::class_set out{};
  for (const auto one : which)
    out[index_of(one)] = true;
  return out;
}

const auto everything = waiting({work_class::authentication, work_class::revocation, work_class::change,
                                 work_class::read, work_class::bulk, work_class::maintenance});

/// A pool whose workers take work until no class may begin any.
struct pool {
  explicit pool(std::size_t workers) : shares(workers), idle(workers) {}

  std::size_t fill(const worker_shares::class_set& classes) {
    std::size_t begun = 0;
    while (idle > 0) {
      const auto which = shares.choose(classes, idle);
      if (!which)
        break;
      shares.begin(*which);
      --idle;
      ++begun;
    }
    return begun;
  }

  worker_shares shares;
  std::size_t idle;
};

} // namespace

TEST_CASE("however much of one class waits, every class in which somebody waits still finds a worker") {
  const auto flood = GENERATE(work_class::authentication, work_class::revocation, work_class::change, work_class::read,
                              work_class::bulk, work_class::maintenance);
  const auto workers = GENERATE(as<std::size_t>{}, 5, 6, 7, 8, 12, 32);
  INFO("flood of " << to_string(flood) << ", " << workers << " workers");
  for (const auto other : {work_class::authentication, work_class::revocation, work_class::change, work_class::read}) {
    pool p{workers};
    p.fill(waiting({flood}));
    if (other != flood)
      CHECK(p.fill(waiting({other})) >= 1);
  }
}

TEST_CASE("logins and reads find workers while everything that writes is blocked") {
  const auto workers = GENERATE(as<std::size_t>{}, 4, 8, 16);
  pool p{workers};
  p.fill(waiting({work_class::revocation, work_class::change, work_class::bulk, work_class::maintenance}));
  CHECK(p.fill(waiting({work_class::read})) >= 1);
  CHECK(p.fill(waiting({work_class::authentication})) >= 1);
}

TEST_CASE("in a pool of two, authentication keeps a worker; in a pool of one, every class has its turn") {
  pool two{2};
  CHECK(two.fill(waiting(
          {work_class::revocation, work_class::change, work_class::read, work_class::bulk, work_class::maintenance}))
        == 1);
  CHECK(two.fill(waiting({work_class::authentication})) == 1);
  for (const auto which : work_classes)
    CHECK(pool{1}.fill(waiting({which})) == 1);
}

TEST_CASE("bulk work and maintenance never take more than half of a pool of more than two, together") {
  for (std::size_t workers = 3; workers <= 40; ++workers) {
    INFO(workers);
    CHECK(2 * pool{workers}.fill(waiting({work_class::bulk, work_class::maintenance})) <= workers + 1);
  }
}

TEST_CASE("look-ups of tokens leave a worker to those of clients, and the other way round") {
  for (std::size_t workers = 3; workers <= 40; ++workers) {
    INFO(workers);
    const auto reached = pool{workers}.fill(waiting({work_class::authentication}));
    const worker_shares shares{workers};
    CHECK(shares.max_token_lookups() < reached);
    CHECK(shares.max_client_lookups() < reached);
  }
}

TEST_CASE("classes that wait for the same worker get it in proportion to their weights, and none starves") {
  worker_shares shares{1};
  std::map<work_class, int> served;
  std::vector<work_class> order;
  for (int i = 0; i < 270; ++i) {
    const auto which = shares.choose(everything, 1);
    REQUIRE(which.has_value());
    ++served[*which];
    order.push_back(*which);
  }
  CHECK(served
        == std::map<work_class, int>{{work_class::authentication, 80},
                                     {work_class::revocation, 80},
                                     {work_class::change, 40},
                                     {work_class::read, 40},
                                     {work_class::bulk, 10},
                                     {work_class::maintenance, 20}});
  // Evenly spread: no class waits for longer than a round.
  for (const auto which : work_classes) {
    std::size_t since = 0;
    for (const auto one : order) {
      since = one == which ? 0 : since + 1;
      CHECK(since < 27);
    }
  }
}

TEST_CASE("a class that did not wait has no claim to what others used meanwhile") {
  worker_shares shares{1};
  for (int i = 0; i < 1000; ++i)
    REQUIRE(shares.choose(waiting({work_class::change}), 1) == work_class::change);
  int reads = 0;
  for (int i = 0; i < 20; ++i)
    reads += shares.choose(waiting({work_class::change, work_class::read}), 1) == work_class::read ? 1 : 0;
  CHECK(reads == 10);
}

TEST_CASE("nobody is chosen where nobody waits, and a share follows the number of connected workers") {
  worker_shares shares{8};
  CHECK_FALSE(shares.choose(waiting({}), 8).has_value());
  CHECK(shares.of(work_class::authentication).reserved == 2);
  CHECK(shares.of(work_class::change).most == 3);
  shares.resize(2);
  CHECK(shares.of(work_class::authentication).reserved == 1);
  CHECK(shares.of(work_class::change).most == 1);
  shares.resize(0);
  CHECK(shares.of(work_class::change).most == 1);
}
