#include "actors/health/health_reporter.hpp"
#include "actors/interfaces/health.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::health_status;

namespace {

class reporter_fixture {
public:
  reporter_fixture() : reporter(system.spawn(health_reporter, health_settings{})) { system.run(); }

  template <class Report>
  void say(health_status status) {
    Report report;
    report.status = status;
    system.tell(reporter, report_v, std::make_shared<const component_report>(report));
  }

  void all_say_up() {
    say<core::database_health>(health_status::up);
    say<core::nats_health>(health_status::up);
    say<core::actors_health>(health_status::up);
  }

  core::health_snapshot look() {
    const auto out = system.ask<health_snapshot_ptr>(reporter, snapshot_v);
    REQUIRE(out->value);
    REQUIRE(*out->value);
    return **out->value;
  }

  virtual_system system;
  health_actor reporter;
};

} // namespace

TEST_CASE("the health reporter has a snapshot from its first moment on") {
  reporter_fixture f;
  CHECK(f.look().status == health_status::down);
  CHECK(f.look().live);
}

TEST_CASE("a report shows at once in the snapshot") {
  reporter_fixture f;
  f.all_say_up();
  CHECK(f.look().status == health_status::out_of_service);
  f.system.tell(f.reporter, ready_v, true);
  CHECK(f.look().status == health_status::up);
  CHECK(f.look().ready);
  f.say<core::nats_health>(health_status::down);
  CHECK(f.look().status == health_status::down);
  f.say<core::nats_health>(health_status::up);
  f.system.tell(f.reporter, ready_v, false);
  CHECK(f.look().status == health_status::out_of_service);
}

TEST_CASE("a component that falls silent is down within 900 ms and one period, and the others stay up") {
  reporter_fixture f;
  f.system.tell(f.reporter, ready_v, true);
  f.all_say_up();
  for (int i = 0; i < 20; ++i) {
    f.system.pass(milliseconds{250});
    f.all_say_up();
    REQUIRE(f.look().status == health_status::up);
  }
  f.system.pass(milliseconds{800});
  f.say<core::database_health>(health_status::up);
  f.say<core::actors_health>(health_status::up);
  CHECK(f.look().status == health_status::up);
  f.system.pass(milliseconds{900} - milliseconds{800} + milliseconds{250} + milliseconds{1});
  const auto look = f.look();
  CHECK(look.status == health_status::down);
  CHECK_FALSE(look.ready);
  CHECK(look.nats.status == health_status::down);
  CHECK(look.db.status == health_status::up);
  f.all_say_up();
  CHECK(f.look().status == health_status::up);
}
