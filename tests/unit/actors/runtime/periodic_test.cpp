#include "actors/interfaces/atoms.hpp"
#include "actors/runtime/periodic.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

#include <memory>

using namespace cm;
using namespace std::chrono_literals;

namespace {

using worker_actor = caf::typed_actor<caf::reacts_to<actors::tick_atom>>;

worker_actor::behavior_type worker(worker_actor::pointer self, actors::first_run first, std::shared_ptr<int> runs) {
  actors::harden(self);
  return {actors::every(self, 100ms, first, actors::tick_v, [runs] { ++*runs; })};
}

} // namespace

TEST_CASE("periodic work that begins at once runs before time passes, then once per period") {
  test::virtual_system system;
  const auto runs = std::make_shared<int>();
  system.spawn(worker, actors::first_run::at_once, runs);
  system.run();
  CHECK(*runs == 1);
  system.pass(99ms);
  CHECK(*runs == 1);
  system.pass(1ms);
  CHECK(*runs == 2);
  system.pass(300ms);
  CHECK(*runs == 5);
}

TEST_CASE("periodic work that begins after a period does not run earlier") {
  test::virtual_system system;
  const auto runs = std::make_shared<int>();
  system.spawn(worker, actors::first_run::after_a_period, runs);
  system.pass(99ms);
  CHECK(*runs == 0);
  system.pass(1ms);
  CHECK(*runs == 1);
}
