#include "actors/interfaces/storage_job.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

#include <map>

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

std::map<work_class, std::size_t> by_class(const std::vector<storage_dispatcher::dispatch>& work) {
  std::map<work_class, std::size_t> out;
  for (const auto& job : work)
    ++out[class_of(job.payload->command)];
  return out;
}

std::uint64_t observed(const core::duration_histogram<core::counter>& of) {
  core::duration_counts out;
  of.add_to(out);
  return out.total();
}

} // namespace

TEST_CASE("behind creations that fill their queue, a login, a revocation, a read and a look-up start at once") {
  connected_dispatcher dispatcher{pool_of(8)};
  while (dispatcher.add(job_of(storage::create_client{})).has_value()) {
  }
  CHECK(dispatcher.waiting(work_class::change) == 4096);
  CHECK(by_class(take_all(dispatcher)) == std::map<work_class, std::size_t>{{work_class::change, 3}});
  REQUIRE(dispatcher.add(login_job("gateway")).has_value());
  REQUIRE(dispatcher.add(revocation_job()).has_value());
  REQUIRE(dispatcher.add(command_job()).has_value());
  REQUIRE(dispatcher.add({{key(1)}, far_away()}).has_value());
  CHECK(by_class(take_all(dispatcher))
        == std::map<work_class, std::size_t>{
          {work_class::authentication, 2}, {work_class::revocation, 1}, {work_class::read, 1}});
}

TEST_CASE("a login starts while look-ups of tokens hang, and a token is looked up while logins hang") {
  const auto workers = GENERATE(as<std::size_t>{}, 3, 4, 8);
  connected_dispatcher dispatcher{pool_of(workers)};
  SECTION("tokens hang") {
    REQUIRE(dispatcher.add({keys(0, 900), far_away()}).has_value());
    REQUIRE_FALSE(take_all(dispatcher).empty());
    REQUIRE(dispatcher.add(login_job("gateway")).has_value());
    CHECK(take_all(dispatcher).size() == 1);
  }
  SECTION("logins hang") {
    for (int i = 0; i < 10; ++i) {
      REQUIRE(dispatcher.add(login_job("user-" + std::to_string(i))).has_value());
      static_cast<void>(take_all(dispatcher));
    }
    REQUIRE(dispatcher.add({{key(1)}, far_away()}).has_value());
    CHECK(take_all(dispatcher).size() == 1);
  }
}

TEST_CASE("logins that wait are looked up together, and each gets its own credential") {
  connected_dispatcher dispatcher{pool_of(1)};
  std::map<ticket, std::string> usernames;
  for (int i = 0; i < 100; ++i) {
    const auto username = i == 7 ? "unknown" : "user-" + std::to_string(i);
    usernames.emplace(*dispatcher.add(login_job(username)), username);
  }
  std::size_t jobs = 0;
  for (auto work = take_all(dispatcher); !work.empty(); work = take_all(dispatcher)) {
    ++jobs;
    for (const auto& done : finish(dispatcher, work.at(0))) {
      const auto& found = std::get<storage::found_basic>(done.result->value());
      CHECK(found.password_phc == found_login(usernames.at(done.id)).password_phc);
      usernames.erase(done.id);
    }
  }
  CHECK(jobs == 2);
  CHECK(usernames.empty());
}

TEST_CASE("a request that comes after its deadline is refused, and one that waits until it is not started") {
  connected_dispatcher dispatcher{pool_of(1)};
  const auto late = dispatcher.add(command_job(at(seconds{1})), at(seconds{1}));
  REQUIRE(late.has_error());
  CHECK(late.error().code == errc::unavailable);
  CHECK(dispatcher.add({{key(1)}, at(seconds{1})}, at(seconds{1})).has_error());

  const auto waiting = dispatcher.add(command_job(at(seconds{1})), at(seconds{0}));
  const auto lookup = dispatcher.add({{key(1)}, at(seconds{1})}, at(seconds{0}));
  CHECK(take_all(dispatcher, at(seconds{2})).empty());
  const auto refused = dispatcher.take_late();
  REQUIRE(tickets(refused) == std::vector<ticket>{*waiting});
  CHECK(code_of(refused[0].result) == errc::unavailable);
  CHECK(dispatcher.take_late().empty());
  CHECK(tickets(dispatcher.expire(at(seconds{2}))) == std::vector<ticket>{*lookup});
  CHECK(dispatcher.idle());
}

TEST_CASE("refusals and waiting times are counted by class") {
  auto settings = pool_of(1);
  settings.classes[index_of(work_class::bulk)].entries = 1;
  settings.metrics = std::make_shared<database_metrics>();
  connected_dispatcher dispatcher{settings};
  const auto& bulk = settings.metrics->classes[index_of(work_class::bulk)];
  const auto& authentication = settings.metrics->classes[index_of(work_class::authentication)];
  REQUIRE(dispatcher.add(job_of(storage::export_tokens{}), at(seconds{0})).has_value());
  CHECK(dispatcher.add(job_of(storage::import_tokens{}), at(seconds{0})).has_error());
  CHECK(bulk.refused.value() == 1);
  CHECK(authentication.refused.value() == 0);
  CHECK(take_all(dispatcher, at(seconds{3})).size() == 1);
  CHECK(observed(bulk.wait) == 1);
  CHECK(observed(authentication.wait) == 0);
}
