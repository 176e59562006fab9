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
component_report says(health_status status, const std::string& error = {}) {
  Report out;
  out.status = status;
  if constexpr (!std::is_same_v<Report, core::actors_health>)
    out.error = error;
  return out;
}

health_board all_up() {
  health_board out{health_settings{}};
  out.take(says<core::database_health>(health_status::up), moment(milliseconds{0}));
  out.take(says<core::nats_health>(health_status::up), moment(milliseconds{0}));
  out.take(says<core::license_health>(health_status::up), moment(milliseconds{0}));
  out.take(says<core::actors_health>(health_status::up), moment(milliseconds{0}));
  out.set_serving(true);
  return out;
}

} // namespace

TEST_CASE("everything is down and alive before anybody reported") {
  const auto look = health_board{health_settings{}}.look(moment(milliseconds{0}), wall);
  CHECK(look.status == health_status::down);
  CHECK(look.db.status == health_status::down);
  CHECK(look.nats.status == health_status::down);
  CHECK(look.license.status == health_status::down);
  CHECK(look.actors.status == health_status::down);
  CHECK(look.db.error == "no report from the component");
  CHECK(look.live);
  CHECK_FALSE(look.ready);
  CHECK(look.taken_at == wall);
}

TEST_CASE("the whole is up and ready when all components are up and it serves") {
  const auto look = all_up().look(moment(milliseconds{0}), wall);
  CHECK(look.status == health_status::up);
  CHECK(look.ready);
  CHECK(look.live);
  CHECK(look.db.error.empty());
}

TEST_CASE("the whole is out of service while everything is up and it does not serve") {
  auto board = all_up();
  board.set_serving(false);
  const auto look = board.look(moment(milliseconds{0}), wall);
  CHECK(look.status == health_status::out_of_service);
  CHECK_FALSE(look.ready);
  CHECK(look.db.status == health_status::up);
}

TEST_CASE("a component that says down takes the whole down with its own words") {
  auto board = all_up();
  SECTION("database") {
    board.take(says<core::database_health>(health_status::down, "gone"), moment(milliseconds{1}));
    CHECK(board.look(moment(milliseconds{1}), wall).db.error == "gone");
  }
  SECTION("NATS") {
    board.take(says<core::nats_health>(health_status::down, "gone"), moment(milliseconds{1}));
    CHECK(board.look(moment(milliseconds{1}), wall).nats.error == "gone");
  }
  SECTION("actors") {
    board.take(says<core::actors_health>(health_status::down), moment(milliseconds{1}));
  }
  SECTION("database that knows nothing") {
    board.take(says<core::database_health>(health_status::unknown), moment(milliseconds{1}));
  }
  const auto look = board.look(moment(milliseconds{1}), wall);
  CHECK(look.status == health_status::down);
  CHECK_FALSE(look.ready);
  CHECK(look.live);
}

TEST_CASE("a component that is silent for longer than 900 ms is down until it speaks again") {
  auto board = all_up();
  const auto late = moment(milliseconds{800});
  core::database_health db;
  db.status = health_status::up;
  db.version = "10.11";
  const auto silent = GENERATE(as<std::string>{}, "db", "nats", "actors");
  if (silent != "db")
    board.take(db, late);
  if (silent != "nats")
    board.take(says<core::nats_health>(health_status::up), late);
  if (silent != "actors")
    board.take(says<core::actors_health>(health_status::up), late);
  INFO(silent);
  CHECK(board.look(moment(milliseconds{900}), wall).status == health_status::up);
  const auto look = board.look(moment(milliseconds{901}), wall);
  CHECK(look.status == health_status::down);
  CHECK((look.db.status == health_status::down) == (silent == "db"));
  CHECK((look.nats.status == health_status::down) == (silent == "nats"));
  CHECK((look.actors.status == health_status::down) == (silent == "actors"));
  CHECK((look.db.error == "no report from the component") == (silent == "db"));
  CHECK((look.nats.error == "no report from the component") == (silent == "nats"));

  board.take(db, moment(milliseconds{950}));
  board.take(says<core::nats_health>(health_status::up), moment(milliseconds{950}));
  board.take(says<core::actors_health>(health_status::up), moment(milliseconds{950}));
  CHECK(board.look(moment(milliseconds{951}), wall).status == health_status::up);
  CHECK(board.look(moment(milliseconds{951}), wall).db.version == "10.11");
}

TEST_CASE("the license never takes the whole down") {
  auto board = all_up();
  SECTION("it says down") {
    board.take(says<core::license_health>(health_status::down, "expired"), moment(milliseconds{1}));
    CHECK(board.look(moment(milliseconds{1}), wall).license.error == "expired");
  }
  SECTION("it is silent") {
    const auto late = moment(milliseconds{5000});
    board.take(says<core::database_health>(health_status::up), late);
    board.take(says<core::nats_health>(health_status::up), late);
    board.take(says<core::actors_health>(health_status::up), late);
    CHECK(board.look(late, wall).license.status == health_status::down);
    CHECK(board.look(late, wall).status == health_status::up);
    board.take(says<core::license_health>(health_status::down), late);
    CHECK(board.look(late, wall).ready);
    return;
  }
  const auto look = board.look(moment(milliseconds{1}), wall);
  CHECK(look.license.status == health_status::down);
  CHECK(look.status == health_status::up);
  CHECK(look.ready);
}

TEST_CASE("what NATS does not permit is a warning for as long as that is so") {
  auto board = all_up();
  board.set_refused({"a.b", "c.d"});
  const auto look = board.look(moment(milliseconds{0}), wall);
  CHECK(look.warnings
        == std::vector<std::string>{"NATS does not permit the subscription to a.b",
                                    "NATS does not permit the subscription to c.d"});
  CHECK(look.ready);
  board.set_refused({});
  CHECK(board.look(moment(milliseconds{0}), wall).warnings.empty());
}

TEST_CASE("what is wrong with a database that is UP is a warning") {
  auto board = all_up();
  core::database_health db;
  db.status = health_status::up;
  db.warning = "its clock";
  board.take(db, moment(milliseconds{1}));
  const auto look = board.look(moment(milliseconds{1}), wall);
  CHECK(look.warnings == std::vector<std::string>{"its clock"});
  CHECK(look.status == health_status::up);
}

TEST_CASE("warnings are shown as they are") {
  health_settings settings;
  settings.warnings = {"trustful mode"};
  CHECK(health_board{settings}.look(moment(milliseconds{0}), wall).warnings
        == std::vector<std::string>{"trustful mode"});
}

TEST_CASE("unregistered endpoints that were lost are a warning until an hour after the last of them") {
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
