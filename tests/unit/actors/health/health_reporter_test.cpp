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
  void report(health_status status) {
    Report sent;
    sent.status = status;
    system.tell(reporter, report_v, std::make_shared<const component_report>(sent));
  }

  void report_all_up() {
    report<core::database_health>(health_status::up);
    report<core::nats_health>(health_status::up);
    report<core::actors_health>(health_status::up);
  }

  core::health_snapshot snapshot() {
    const auto out = system.ask<health_snapshot_ptr>(reporter, snapshot_v);
    REQUIRE(out->value);
    REQUIRE(*out->value);
    return **out->value;
  }

  virtual_system system;
  health_actor reporter;
};

} // namespace

TEST_CASE("the health reporter has a snapshot right after its start") {
  reporter_fixture f;
  CHECK(f.snapshot().status == health_status::down);
  CHECK(f.snapshot().live);
}

TEST_CASE("a report is visible in the snapshot at once") {
  reporter_fixture f;
  f.report_all_up();
  CHECK(f.snapshot().status == health_status::out_of_service);
  f.system.tell(f.reporter, ready_v, true);
  CHECK(f.snapshot().status == health_status::up);
  CHECK(f.snapshot().ready);
  f.report<core::nats_health>(health_status::down);
  CHECK(f.snapshot().status == health_status::down);
  f.report<core::nats_health>(health_status::up);
  f.system.tell(f.reporter, ready_v, false);
  CHECK(f.snapshot().status == health_status::out_of_service);
}

TEST_CASE("a component that stops reporting is down after 900 ms and at most one period; the others stay up") {
  reporter_fixture f;
  f.system.tell(f.reporter, ready_v, true);
  f.report_all_up();
  for (int i = 0; i < 20; ++i) {
    f.system.pass(milliseconds{250});
    f.report_all_up();
    REQUIRE(f.snapshot().status == health_status::up);
  }
  f.system.pass(milliseconds{800});
  f.report<core::database_health>(health_status::up);
  f.report<core::actors_health>(health_status::up);
  CHECK(f.snapshot().status == health_status::up);
  f.system.pass(milliseconds{900} - milliseconds{800} + milliseconds{250} + milliseconds{1});
  const auto snapshot = f.snapshot();
  CHECK(snapshot.status == health_status::down);
  CHECK_FALSE(snapshot.ready);
  CHECK(snapshot.nats.status == health_status::down);
  CHECK(snapshot.db.status == health_status::up);
  f.report_all_up();
  CHECK(f.snapshot().status == health_status::up);
}
