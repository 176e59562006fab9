#include "actors/health/health_reporter.hpp"
#include "actors/interfaces/health.hpp"
#include "catch.hpp"

using namespace cm;
using namespace cm::actors;
using core::health_status;
using std::chrono::milliseconds;

namespace {

core::steady_time moment(milliseconds after_start) {
  return core::steady_time{std::chrono::hours{1}} + after_start;
}

const core::timestamp wall = core::from_unix_ms(1669126620000);

template <class Report>
component_report report_of(health_status status, const std::string& error = {}) {
  Report out;
  out.status = status;
  out.error = error;
  return out;
}

health_board all_up() {
  health_board out{health_settings{}};
  out.take(report_of<core::database_health>(health_status::up), moment(milliseconds{0}));
  out.take(report_of<core::nats_health>(health_status::up), moment(milliseconds{0}));
  out.take(report_of<core::license_health>(health_status::up), moment(milliseconds{0}));
  out.take(report_of<core::actors_health>(health_status::up), moment(milliseconds{0}));
  out.set_serving(true);
  return out;
}

} // namespace

TEST_CASE("before the first report all components are down, and the process is live") {
  const auto snapshot = health_board{health_settings{}}.look(moment(milliseconds{0}), wall);
  CHECK(snapshot.status == health_status::down);
  CHECK(snapshot.db.status == health_status::down);
  CHECK(snapshot.nats.status == health_status::down);
  CHECK(snapshot.license.status == health_status::down);
  CHECK(snapshot.actors.status == health_status::down);
  CHECK(snapshot.db.error == "no report from the component");
  CHECK(snapshot.live);
  CHECK_FALSE(snapshot.ready);
  CHECK(snapshot.taken_at == wall);
}

TEST_CASE("the status is up and ready when all components are up and CM serves") {
  const auto snapshot = all_up().look(moment(milliseconds{0}), wall);
  CHECK(snapshot.status == health_status::up);
  CHECK(snapshot.ready);
  CHECK(snapshot.live);
  CHECK(snapshot.db.error.empty());
}

TEST_CASE("the status is out of service while all components are up but CM does not serve") {
  auto board = all_up();
  board.set_serving(false);
  const auto snapshot = board.look(moment(milliseconds{0}), wall);
  CHECK(snapshot.status == health_status::out_of_service);
  CHECK_FALSE(snapshot.ready);
  CHECK(snapshot.db.status == health_status::up);
}

TEST_CASE("a component that reports down makes the status down, and its error is shown") {
  auto board = all_up();
  SECTION("database") {
    board.take(report_of<core::database_health>(health_status::down, "lost"), moment(milliseconds{1}));
    CHECK(board.look(moment(milliseconds{1}), wall).db.error == "lost");
  }
  SECTION("NATS") {
    board.take(report_of<core::nats_health>(health_status::down, "lost"), moment(milliseconds{1}));
    CHECK(board.look(moment(milliseconds{1}), wall).nats.error == "lost");
  }
  SECTION("actors") {
    board.take(report_of<core::actors_health>(health_status::down), moment(milliseconds{1}));
  }
  SECTION("database with an unknown status") {
    board.take(report_of<core::database_health>(health_status::unknown), moment(milliseconds{1}));
  }
  const auto snapshot = board.look(moment(milliseconds{1}), wall);
  CHECK(snapshot.status == health_status::down);
  CHECK_FALSE(snapshot.ready);
  CHECK(snapshot.live);
}

TEST_CASE("a component without a report for more than 900 ms is down until its next report") {
  auto board = all_up();
  const auto late = moment(milliseconds{800});
  core::database_health db;
  db.status = health_status::up;
  db.version = "10.11";
  const auto silent = GENERATE(as<std::string>{}, "db", "nats", "actors");
  if (silent != "db")
    board.take(db, late);
  if (silent != "nats")
    board.take(report_of<core::nats_health>(health_status::up), late);
  if (silent != "actors")
    board.take(report_of<core::actors_health>(health_status::up), late);
  INFO(silent);
  CHECK(board.look(moment(milliseconds{900}), wall).status == health_status::up);
  const auto snapshot = board.look(moment(milliseconds{901}), wall);
  CHECK(snapshot.status == health_status::down);
  CHECK((snapshot.db.status == health_status::down) == (silent == "db"));
  CHECK((snapshot.nats.status == health_status::down) == (silent == "nats"));
  CHECK((snapshot.actors.status == health_status::down) == (silent == "actors"));
  CHECK((snapshot.db.error == "no report from the component") == (silent == "db"));
  CHECK((snapshot.nats.error == "no report from the component") == (silent == "nats"));

  board.take(db, moment(milliseconds{950}));
  board.take(report_of<core::nats_health>(health_status::up), moment(milliseconds{950}));
  board.take(report_of<core::actors_health>(health_status::up), moment(milliseconds{950}));
  CHECK(board.look(moment(milliseconds{951}), wall).status == health_status::up);
  CHECK(board.look(moment(milliseconds{951}), wall).db.version == "10.11");
}

TEST_CASE("the license never makes the status down") {
  auto board = all_up();
  SECTION("it reports down") {
    board.take(report_of<core::license_health>(health_status::down, "expired"), moment(milliseconds{1}));
    CHECK(board.look(moment(milliseconds{1}), wall).license.error == "expired");
  }
  SECTION("it does not report") {
    const auto late = moment(milliseconds{5000});
    board.take(report_of<core::database_health>(health_status::up), late);
    board.take(report_of<core::nats_health>(health_status::up), late);
    board.take(report_of<core::actors_health>(health_status::up), late);
    CHECK(board.look(late, wall).license.status == health_status::down);
    CHECK(board.look(late, wall).status == health_status::up);
    board.take(report_of<core::license_health>(health_status::down), late);
    CHECK(board.look(late, wall).ready);
    return;
  }
  const auto snapshot = board.look(moment(milliseconds{1}), wall);
  CHECK(snapshot.license.status == health_status::down);
  CHECK(snapshot.status == health_status::up);
  CHECK(snapshot.ready);
}

TEST_CASE("each subscription that NATS does not permit is a warning while it is refused") {
  auto board = all_up();
  board.set_refused({"a.b", "c.d"});
  const auto snapshot = board.look(moment(milliseconds{0}), wall);
  CHECK(snapshot.warnings
        == std::vector<std::string>{"NATS does not permit the subscription to a.b",
                                    "NATS does not permit the subscription to c.d"});
  CHECK(snapshot.ready);
  board.set_refused({});
  CHECK(board.look(moment(milliseconds{0}), wall).warnings.empty());
}

TEST_CASE("a problem of a database that is up is a warning") {
  auto board = all_up();
  core::database_health db;
  db.status = health_status::up;
  db.warning = "its clock";
  board.take(db, moment(milliseconds{1}));
  const auto snapshot = board.look(moment(milliseconds{1}), wall);
  CHECK(snapshot.warnings == std::vector<std::string>{"its clock"});
  CHECK(snapshot.status == health_status::up);
}

TEST_CASE("configured warnings are shown unchanged") {
  health_settings settings;
  settings.warnings = {"trustful mode"};
  CHECK(health_board{settings}.look(moment(milliseconds{0}), wall).warnings
        == std::vector<std::string>{"trustful mode"});
}

TEST_CASE("lost unregistered endpoints are a warning until an hour after the last loss") {
  auto board = all_up();
  const auto warnings = [&](std::chrono::minutes at) { return board.look(moment(at), wall).warnings; };
  using std::chrono::minutes;
  board.take_losses(0, moment(minutes{0}));
  CHECK(warnings(minutes{0}).empty());
  board.take_losses(3, moment(minutes{1}));
  board.take_losses(3, moment(minutes{30}));
  CHECK(warnings(minutes{60})
        == std::vector<std::string>{
          "3 unregistered endpoints were lost; their tokens are still valid (cm.elce in the log)"});
  CHECK(warnings(minutes{61}).empty());
  board.take_losses(8, moment(minutes{100}));
  board.take_losses(9, moment(minutes{110}));
  CHECK(warnings(minutes{169}).at(0).starts_with("6 unregistered endpoints"));
  CHECK(warnings(minutes{170}).empty());
}

TEST_CASE(
  "actors is down while test requests do not get through, and when the self-test has reported nothing for long") {
  auto board = all_up();
  board.take(report_of<core::request_path_health>(health_status::down, "no answer"), moment(milliseconds{0}));
  auto snapshot = board.look(moment(milliseconds{1}), wall);
  CHECK(snapshot.status == health_status::down);
  CHECK(snapshot.actors.status == health_status::down);
  CHECK(snapshot.actors.error == "no answer");
  board.take(report_of<core::request_path_health>(health_status::up), moment(milliseconds{2}));
  snapshot = board.look(moment(milliseconds{3}), wall);
  CHECK(snapshot.status == health_status::up);
  CHECK(snapshot.actors.error.empty());

  const auto late = moment(milliseconds{5003});
  board.take(report_of<core::database_health>(health_status::up), late);
  board.take(report_of<core::nats_health>(health_status::up), late);
  board.take(report_of<core::actors_health>(health_status::up), late);
  snapshot = board.look(late, wall);
  CHECK(snapshot.status == health_status::down);
  CHECK(snapshot.actors.error == "no report from the self-test");
}
