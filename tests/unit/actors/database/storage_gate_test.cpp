#include "actors/database/storage_gate.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/health.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;
using core::health_status;
using mood = fake_worker_script::mood;

namespace {

/// A gate with one worker, in virtual time.
class gate_fixture {
public:
  explicit gate_fixture(std::shared_ptr<database_metrics> metrics = {}) {
    storage_gate_settings settings;
    settings.metrics = std::move(metrics);
    settings.dispatcher.workers = 1;
    settings.on_first_contact = [this] { ++first_contacts; };
    settings.on_refused_database = [this](const std::string& why) { refusals.push_back(why); };
    gate = system.spawn(storage_gate, settings, system.spawn(fake_health, reports));
    system.run();
  }

  void add_worker() {
    worker = system.spawn(fake_worker, script);
    system.tell(gate, peer_v, std::size_t{0}, database_worker_peer{worker});
    report(script->connected);
  }

  void report(bool connected, bool refused = false, const std::string& error = {}) {
    auto update = std::make_shared<worker_report>();
    update->connected = connected;
    update->refused = refused;
    update->version = "10.11";
    update->error = error;
    system.tell(gate, state_v, std::size_t{0}, worker_report_ptr{std::move(update)});
  }

  std::shared_ptr<answer<storage_result_ptr>> look_up(std::vector<core::token_hash> keys, milliseconds timeout) {
    return system.ask<storage_result_ptr>(
      gate, find_v, std::make_shared<const token_lookup>(token_lookup{std::move(keys), system.now() + timeout}));
  }

  std::shared_ptr<answer<storage_result_ptr>> command(milliseconds timeout) {
    return system.ask<storage_result_ptr>(gate, execute_v, command_job(system.now() + timeout));
  }

  [[nodiscard]] health_status health() const {
    return reports->empty() ? health_status::unknown : reports->back().status;
  }

  std::shared_ptr<std::vector<core::database_health>> reports = std::make_shared<std::vector<core::database_health>>();
  std::shared_ptr<fake_worker_script> script = std::make_shared<fake_worker_script>();
  int first_contacts = 0;
  std::vector<std::string> refusals;
  virtual_system system;
  storage_gate_actor gate;
  database_worker_actor worker;
};

errc code_of(const std::shared_ptr<answer<storage_result_ptr>>& answer) {
  REQUIRE(answer->value.has_value());
  return test::code_of(*answer->value);
}

} // namespace

TEST_CASE("the gate answers a look-up and a command through its worker") {
  gate_fixture f;
  f.add_worker();
  const auto lookup = f.look_up({key(5), key(1001)}, seconds{1});
  REQUIRE(lookup->value);
  CHECK(found(*lookup->value, {key(5), key(1001)}));
  CHECK(code_of(f.command(seconds{1})) == errc::none);
}

TEST_CASE("a look-up waits for the first worker, and the gate reports the first contact once") {
  gate_fixture f;
  const auto early = f.look_up({key(5)}, seconds{1});
  CHECK_FALSE(early->there());
  CHECK(f.first_contacts == 0);
  f.add_worker();
  REQUIRE(early->value);
  CHECK(found(*early->value, {key(5)}));
  CHECK(f.first_contacts == 1);
  f.report(false);
  f.report(true);
  CHECK(f.first_contacts == 1);
}

TEST_CASE("the gate uses a worker whose report arrives before its handle") {
  gate_fixture f;
  f.report(true); // the gate does not have its handle yet
  f.worker = f.system.spawn(fake_worker, f.script);
  f.system.tell(f.gate, peer_v, std::size_t{0}, database_worker_peer{f.worker});
  CHECK(code_of(f.look_up({key(5)}, seconds{1})) == errc::none);
}

TEST_CASE("a request whose worker never answers is answered unavailable at its deadline and not before") {
  gate_fixture f;
  f.add_worker();
  f.script->now = mood::holds;
  const auto tick = milliseconds{50};
  const auto lookup = f.look_up({key(5)}, milliseconds{400});
  const auto command = f.command(milliseconds{700}); // waits behind the look-up
  REQUIRE(f.script->jobs.size() == 1);
  f.system.pass(milliseconds{399});
  CHECK_FALSE(lookup->there());
  f.system.pass(milliseconds{1} + tick);
  CHECK(code_of(lookup) == errc::unavailable);
  f.system.pass(milliseconds{299} - tick);
  CHECK_FALSE(command->there());
  f.system.pass(milliseconds{1} + tick);
  CHECK(code_of(command) == errc::unavailable);
  f.system.tell(f.worker, tick_v); // the late answer is ignored
  CHECK(f.script->lookups() == 1);
}

TEST_CASE("health goes down when the database is silent for longer than the patience, and up when it answers") {
  gate_fixture f;
  f.add_worker();
  f.system.pass(milliseconds{1000});
  CHECK(f.health() == health_status::up);
  CHECK(f.reports->back().version == "10.11");
  CHECK(f.reports->back().error.empty());

  f.script->now = mood::holds;
  f.system.pass(milliseconds{600});
  CHECK(f.health() == health_status::up);
  f.system.pass(milliseconds{250} + milliseconds{100}); // until the next probe, and the tick that judges it
  CHECK(f.health() == health_status::down);
  CHECK(f.reports->back().error == "the database does not answer");

  f.script->now = mood::answers;
  f.system.tell(f.worker, tick_v);
  f.system.pass(milliseconds{50});
  CHECK(f.health() == health_status::up);
  CHECK(f.reports->back().error.empty());
}

TEST_CASE("the gate reports its health at least every quarter of a second") {
  gate_fixture f;
  f.add_worker();
  f.system.pass(milliseconds{300});
  const auto before = f.reports->size();
  f.system.pass(milliseconds{3000});
  CHECK(f.reports->size() - before >= 12 - 2); // its ticks are 50 ms apart
}

TEST_CASE("health has a warning while the clocks differ by more than 5 s, and a metric always shows the difference") {
  const auto counted = std::make_shared<database_metrics>();
  gate_fixture f{counted};
  CHECK_FALSE(counted->clock_skew_ms.value().has_value());
  f.script->skew = {milliseconds{-4999}, milliseconds{1}};
  f.add_worker();
  f.system.pass(milliseconds{500});
  CHECK(counted->clock_skew_ms.value() == -4999);
  CHECK(f.reports->back().warning.empty());

  f.script->skew = {std::chrono::hours{192}, milliseconds{1}};
  f.system.pass(milliseconds{500});
  CHECK(counted->clock_skew_ms.value() == 192 * 3'600'000);
  CHECK(f.reports->back().warning == "the clock of this replica is 691200 s ahead of the database's clock");
  CHECK(f.health() == health_status::up);

  f.script->skew = {seconds{-6}, milliseconds{1}};
  f.system.pass(milliseconds{500});
  CHECK(f.reports->back().warning == "the clock of this replica is 6 s behind the database's clock");

  f.script->skew = {milliseconds{-300}, milliseconds{1}};
  f.system.pass(milliseconds{500});
  CHECK(f.reports->back().warning.empty());
}

TEST_CASE("health is down with the worker's error while the only worker is not connected") {
  gate_fixture f;
  f.add_worker();
  f.report(false, false, "connection refused");
  CHECK(f.health() == health_status::down);
  CHECK(f.reports->back().error == "connection refused");
  f.report(true);
  CHECK(f.health() == health_status::up);
}

TEST_CASE("the gate passes on that a worker has refused the database") {
  gate_fixture f;
  f.report(false, true, "schema 99");
  CHECK(f.refusals == std::vector<std::string>{"schema 99"});
}

TEST_CASE("the job of a worker that dies is answered unavailable at once, and its successor gets the next jobs") {
  gate_fixture f;
  f.add_worker();
  f.script->now = mood::dies;
  CHECK(code_of(f.look_up({key(5)}, seconds{10})) == errc::unavailable);
  CHECK(f.health() == health_status::up); // no tick yet
  f.system.pass(milliseconds{50});
  CHECK(f.health() == health_status::down);

  const auto waiting = f.look_up({key(6)}, seconds{10});
  CHECK_FALSE(waiting->there());
  f.script->now = mood::answers;
  f.add_worker();
  CHECK(code_of(waiting) == errc::none);
  CHECK(f.health() == health_status::up);
}

TEST_CASE("a worker whose job timed out after three minutes is used again when it reports") {
  gate_fixture f;
  f.add_worker();
  f.script->now = mood::holds;
  static_cast<void>(f.command(milliseconds{400}));
  f.system.pass(std::chrono::minutes{3} + seconds{1});
  f.script->now = mood::answers;
  f.system.tell(f.worker, tick_v);
  CHECK(code_of(f.look_up({key(5)}, seconds{1})) == errc::unavailable); // requests fail fast until the next tick
  f.system.pass(milliseconds{300});
  CHECK(f.health() == health_status::up);
  CHECK(code_of(f.look_up({key(5)}, seconds{1})) == errc::none);
}

TEST_CASE("a gate that ends answers its pending requests unavailable at once") {
  gate_fixture f;
  f.add_worker();
  f.script->now = mood::holds;
  const auto under_way = f.look_up({key(5)}, seconds{10});
  const auto waiting = f.command(seconds{10});
  const auto drain = f.system.ask<bool>(f.gate, drain_v);
  CHECK_FALSE(under_way->there());
  CHECK_FALSE(waiting->there());
  CHECK_FALSE(drain->there());
  f.system.kill(f.gate, GENERATE(caf::exit_reason::kill, caf::exit_reason::user_shutdown));
  CHECK(code_of(under_way) == errc::unavailable);
  CHECK(code_of(waiting) == errc::unavailable);
  CHECK(drain->value == false);
}

TEST_CASE("requests do not wait for a database that has been down for more than a second") {
  gate_fixture f;
  f.add_worker();
  f.system.pass(milliseconds{100});
  f.report(false, false, "lost");
  f.system.pass(milliseconds{900});
  const auto waiting_lookup = f.look_up({key(5)}, seconds{10});
  const auto waiting_command = f.command(seconds{10});
  CHECK_FALSE(waiting_lookup->there());
  CHECK_FALSE(waiting_command->there());
  f.system.pass(milliseconds{100});
  CHECK_FALSE(waiting_lookup->there());
  f.system.pass(milliseconds{51});
  CHECK(code_of(waiting_lookup) == errc::unavailable); // before its deadline
  CHECK(code_of(waiting_command) == errc::unavailable);
  CHECK(code_of(f.look_up({key(5)}, seconds{10})) == errc::unavailable);
  CHECK(code_of(f.command(seconds{10})) == errc::unavailable);

  f.report(true);
  CHECK(code_of(f.look_up({key(5)}, seconds{10})) == errc::none);
}

TEST_CASE("first uses are written as soon as a worker is connected") {
  gate_fixture f;
  f.system.tell(f.gate, activate_v, std::make_shared<const std::vector<storage::activation>>(first_uses(1, 3)));
  f.system.pass(milliseconds{5000});
  CHECK(f.script->jobs.empty());
  f.add_worker();
  f.system.pass(milliseconds{50});
  CHECK(std::count_if(f.script->jobs.begin(), f.script->jobs.end(),
                      [](const auto& job) { return activation_in(*job) != nullptr; })
        == 1);
}

TEST_CASE("a drain is answered at once if the gate is idle, else after its last job") {
  gate_fixture f;
  f.add_worker();
  CHECK(f.system.ask<bool>(f.gate, drain_v)->value == true);

  f.script->now = mood::holds;
  const auto lookup = f.look_up({key(5)}, seconds{10});
  const auto drain = f.system.ask<bool>(f.gate, drain_v);
  CHECK_FALSE(drain->there());
  f.script->now = mood::answers;
  f.system.tell(f.worker, tick_v);
  CHECK(code_of(lookup) == errc::none);
  CHECK(drain->value == true);
}

TEST_CASE("a gate with full queues answers overloaded") {
  virtual_system system;
  storage_gate_settings settings;
  settings.dispatcher.workers = 1;
  settings.dispatcher.lookup_queue = 2;
  settings.dispatcher.classes[index_of(work_class::read)].entries = 0;
  const auto gate = system.spawn(storage_gate, settings, health_actor{});
  const auto lookup = std::make_shared<const token_lookup>(token_lookup{keys(0, 3), system.now() + seconds{1}});
  CHECK(code_of(system.ask<storage_result_ptr>(gate, find_v, lookup)) == errc::overloaded);
  CHECK(code_of(system.ask<storage_result_ptr>(gate, execute_v, command_job())) == errc::overloaded);
}

TEST_CASE("an idle worker is notified once when another database host is preferred") {
  virtual_system system;
  const auto hosts = std::make_shared<storage::host_choice>();
  const auto script = std::make_shared<fake_worker_script>();
  storage_gate_settings settings;
  settings.dispatcher.workers = 1;
  settings.hosts = hosts;
  const auto gate = system.spawn(storage_gate, settings, health_actor{});
  system.tell(gate, peer_v, std::size_t{0}, database_worker_peer{system.spawn(fake_worker, script)});
  system.pass(seconds{2});
  CHECK(script->follows == 0);
  hosts->move(0, 1);
  system.pass(seconds{2});
  CHECK(script->follows == 1);
  hosts->move(0, 2); // of a session with an outdated choice: it has no effect
  system.pass(seconds{2});
  CHECK(script->follows == 1);
  hosts->move(1, 0);
  system.pass(seconds{2});
  CHECK(script->follows == 2);
}

namespace {

/// A gate with several workers of one script each, in virtual time.
class pool_fixture {
public:
  explicit pool_fixture(std::size_t workers) {
    storage_gate_settings settings;
    settings.dispatcher.workers = workers;
    gate = system.spawn(storage_gate, settings, system.spawn(fake_health, reports));
    for (std::size_t i = 0; i < workers; ++i) {
      scripts.push_back(std::make_shared<fake_worker_script>());
      this->workers.push_back(system.spawn(fake_worker, scripts.back()));
      system.tell(gate, peer_v, i, database_worker_peer{this->workers.back()});
      auto update = std::make_shared<worker_report>();
      update->connected = true;
      system.tell(gate, state_v, i, worker_report_ptr{std::move(update)});
    }
    system.pass(milliseconds{300});
  }

  [[nodiscard]] bool up() const { return reports->back().status == health_status::up; }

  std::shared_ptr<std::vector<core::database_health>> reports = std::make_shared<std::vector<core::database_health>>();
  std::vector<std::shared_ptr<fake_worker_script>> scripts;
  std::vector<database_worker_actor> workers;
  virtual_system system;
  storage_gate_actor gate;
};

} // namespace

TEST_CASE("one silent connection of an idle pool neither makes the database unavailable nor gets requests") {
  pool_fixture f{8};
  const auto silent = GENERATE(std::size_t{0}, std::size_t{3}, std::size_t{7});
  f.scripts[silent]->now = mood::holds;
  f.system.pass(milliseconds{1500}); // until its turn to be probed
  for (int i = 0; i < 50; ++i) {
    f.system.pass(milliseconds{100});
    CHECK(f.up());
    const auto answer = f.system.ask<storage_result_ptr>(f.gate, execute_v, command_job(f.system.now() + seconds{1}));
    REQUIRE(answer->value.has_value());
    CHECK(code_of(answer) == errc::none);
  }
  CHECK(std::count_if(f.scripts[silent]->jobs.begin(), f.scripts[silent]->jobs.end(),
                      [](const auto& job) { return is_command(*job); })
        == 0);
}

TEST_CASE("the database is down when no worker answers, and up when one does") {
  pool_fixture f{3};
  for (const auto& script : f.scripts)
    script->now = mood::holds;
  f.system.pass(milliseconds{900});
  CHECK_FALSE(f.up());
  CHECK(f.reports->back().error == "the database does not answer");
  f.scripts[1]->now = mood::answers;
  f.system.tell(f.workers[1], tick_v);
  f.system.pass(milliseconds{300});
  CHECK(f.up());
}

TEST_CASE("health is down while look-ups of tokens, or those of usernames, are not answered, although probes are") {
  pool_fixture f{8};
  const bool of_tokens = GENERATE(true, false);
  const auto stuck = [of_tokens](const storage_job& job) {
    return of_tokens ? lookup_in(job) != nullptr : !is_probe(job) && lookup_in(job) == nullptr;
  };
  for (const auto& script : f.scripts)
    script->holds = stuck;
  // As many requests as the lane has workers: the next one, the lane's probe, waits.
  std::vector<std::shared_ptr<answer<storage_result_ptr>>> requests;
  for (std::uint32_t i = 0; i < 8; ++i) {
    const auto deadline = f.system.now() + seconds{60};
    if (of_tokens)
      requests.push_back(f.system.ask<storage_result_ptr>(
        f.gate, find_v, std::make_shared<const token_lookup>(token_lookup{{key(i + 1)}, deadline})));
    else
      requests.push_back(f.system.ask<storage_result_ptr>(f.gate, execute_v, login_job(std::to_string(i), deadline)));
    f.system.pass(milliseconds{10}); // so that they are not joined
  }
  f.system.pass(milliseconds{1400});
  CHECK(f.up());
  f.system.pass(seconds{5});
  CHECK_FALSE(f.up());
  CHECK(f.reports->back().error.find("are not answered within their deadline") != std::string::npos);
  for (std::size_t i = 0; i < f.workers.size(); ++i) {
    f.scripts[i]->holds = {};
    f.system.tell(f.workers[i], tick_v);
  }
  f.system.pass(seconds{1});
  CHECK(f.up());
}
