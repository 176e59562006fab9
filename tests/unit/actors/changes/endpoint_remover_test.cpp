#include "actors/changes/endpoint_remover.hpp"
#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/nats.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

#include <algorithm>
#include <iterator>

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

/// A credential manager that answers every change with the given outcome.
struct fake_manager_script {
  errc outcome = errc::none;
  std::vector<std::string> endpoints;
  std::vector<storage::delete_endpoint_tokens> commands;
};

credential_manager_actor::behavior_type fake_manager(credential_manager_actor::pointer self,
                                                     std::shared_ptr<fake_manager_script> script) {
  harden(self);
  return {
    [](create_atom, const create_order_ptr&) { return create_result_ptr{}; },
    [=](apply_atom, const credential_change_ptr& change) {
      script->commands.push_back(std::get<storage::delete_endpoint_tokens>(change->command));
      script->endpoints.push_back(script->commands.back().endpoint_id);
      return script->outcome == errc::none
               ? std::make_shared<const storage_result>(storage::reply{storage::deleted_tokens{}})
               : failure(script->outcome);
    },
    [](import_atom, const import_order_ptr&) { return import_outcome_ptr{}; },
    [](license_atom, bool, const std::string&) {},
    [](directory_atom, const application_directory_ptr&) {},
    [](peer_atom, const forwarder_ptr&) {},
    [](peer_atom, const storage_gate_peer&) {},
    [](peer_atom, const event_publisher_peer&) {},
    [](peer_atom, const revocation_follower_peer&) {},
  };
}

/// A database in which all endpoints have tokens, except those in `without_tokens`.
struct endpoint_gate_script {
  errc outcome = errc::none;
  std::vector<std::string> without_tokens;
  std::vector<std::size_t> checks; ///< endpoints in each check
};

storage_gate_actor::behavior_type endpoint_gate(storage_gate_actor::pointer self,
                                                std::shared_ptr<endpoint_gate_script> script) {
  harden(self);
  return {
    [](find_atom, const token_lookup_ptr&) { return failure(errc::internal); },
    [=](execute_atom, const storage_job_ptr& job) -> caf::result<storage_result_ptr> {
      const auto& ids = std::get<storage::find_endpoints>(job->command).endpoint_ids;
      script->checks.push_back(ids.size());
      if (script->outcome != errc::none)
        return failure(script->outcome);
      storage::found_endpoints found;
      std::copy_if(ids.begin(), ids.end(), std::back_inserter(found.endpoint_ids), [&](const auto& id) {
        const auto& none = script->without_tokens;
        return std::find(none.begin(), none.end(), id) == none.end();
      });
      return storage_result_ptr{std::make_shared<const storage_result>(storage::reply{std::move(found)})};
    },
    [](activate_atom, const activations_ptr&) {},
    [](state_atom, std::size_t, const worker_report_ptr&) {},
    [](drain_atom) { return true; },
    [](peer_atom, std::size_t, const database_worker_peer&) {},
    [](peer_atom, const health_peer&) {},
    [](tick_atom) {},
  };
}

struct remover_fixture {
  remover_fixture() : manager(system.spawn(fake_manager, script)), gate(system.spawn(endpoint_gate, database)) {
    start();
  }

  void start() {
    endpoint_remover_settings settings;
    settings.metrics = metrics;
    remover = system.spawn(endpoint_remover, std::move(settings), backlog, manager, gate);
    system.run();
  }

  /// Adds endpoints to the backlog without notifying the remover.
  void queue(const std::vector<std::string>& endpoints) {
    for (const auto& endpoint : endpoints)
      static_cast<void>(backlog->add(endpoint, "c-1"));
  }

  void unregister(const std::vector<std::string>& endpoints) {
    queue(endpoints);
    system.tell(remover, remove_v);
  }

  [[nodiscard]] std::uint64_t lost() const { return metrics->all_lost(); }

  virtual_system system;
  std::shared_ptr<fake_manager_script> script = std::make_shared<fake_manager_script>();
  std::shared_ptr<endpoint_gate_script> database = std::make_shared<endpoint_gate_script>();
  std::shared_ptr<removal_metrics> metrics = std::make_shared<removal_metrics>();
  std::shared_ptr<removal_backlog> backlog = std::make_shared<removal_backlog>();
  credential_manager_actor manager;
  storage_gate_actor gate;
  endpoint_remover_actor remover;
};

} // namespace

TEST_CASE("the tokens of every endpoint are deleted, in the order of the events") {
  remover_fixture f;
  f.database->without_tokens = {"c", "e"};
  f.unregister({"a", "b", "c", "d", "e", "f"});
  CHECK(f.script->endpoints == std::vector<std::string>{"a", "b", "d", "f"});
  CHECK(f.backlog->size() == 0);
}

TEST_CASE("the database checks up to 64 endpoints at a time, and nothing is deleted for endpoints without tokens") {
  remover_fixture f;
  std::vector<std::string> endpoints;
  for (int i = 0; i < 200; ++i)
    endpoints.push_back("e-" + std::to_string(i));
  f.database->without_tokens = endpoints;
  f.unregister(endpoints);
  CHECK(f.database->checks == std::vector<std::size_t>{64, 64, 64, 8});
  CHECK(f.script->endpoints.empty());
  CHECK(f.backlog->size() == 0);
}

TEST_CASE("an endpoint is found without a notification within 250 ms") {
  remover_fixture f;
  f.queue({"a"});
  f.system.pass(milliseconds{250});
  CHECK(f.script->endpoints == std::vector<std::string>{"a"});
}

TEST_CASE("while the database is unavailable an endpoint is retried with growing pauses") {
  remover_fixture f;
  const bool check_fails = GENERATE(true, false);
  (check_fails ? f.database->outcome : f.script->outcome) = errc::unavailable;
  f.unregister({"a"});
  f.system.pass(seconds{10});
  const auto tries = check_fails ? f.database->checks.size() : f.script->endpoints.size();
  CHECK(tries > 3);
  CHECK(tries < 20);
  CHECK(f.backlog->size() == 1);
  f.script->outcome = errc::none;
  f.database->outcome = errc::none;
  f.script->endpoints.clear();
  f.system.pass(seconds{6});
  CHECK(f.script->endpoints == std::vector<std::string>{"a"});
  CHECK(f.backlog->size() == 0);
  CHECK(f.lost() == 0);
}

TEST_CASE("an endpoint that always fails does not block the others, and counts as lost") {
  remover_fixture f;
  f.script->outcome = errc::internal;
  f.unregister({"a", "b"});
  f.system.pass(seconds{10});
  CHECK(f.script->endpoints.size() == std::size_t{2} * endpoint_remover_settings{}.max_failures);
  CHECK(f.backlog->size() == 0);
  CHECK(f.metrics->lost[static_cast<std::size_t>(removal_loss::failure)].value() == 2);
  f.script->outcome = errc::none;
  f.unregister({"c"});
  CHECK(f.script->endpoints.back() == "c");
}

TEST_CASE("a transient error loses no endpoint") {
  remover_fixture f;
  f.script->outcome = errc::internal;
  f.unregister({"a"});
  f.script->outcome = errc::none;
  f.system.pass(seconds{1});
  CHECK(f.script->endpoints == std::vector<std::string>{"a", "a"});
  CHECK(f.backlog->size() == 0);
  CHECK(f.lost() == 0);
}

TEST_CASE(
  "a repeated deletion is marked and has the time of the first attempt, unless another event arrived meanwhile") {
  remover_fixture f;
  f.script->outcome = errc::unavailable;
  f.unregister({"a"});
  REQUIRE(f.script->commands.size() == 1);
  CHECK_FALSE(f.script->commands[0].repeated);
  const bool another = GENERATE(false, true);
  if (another)
    f.queue({"a"});
  f.script->outcome = errc::none;
  f.system.pass(seconds{1});
  REQUIRE(f.script->commands.size() == 2);
  CHECK(f.script->commands[1].repeated != another);
  if (!another)
    CHECK(f.script->commands[1].at == f.script->commands[0].at);

  f.unregister({"a"});
  REQUIRE(f.script->commands.size() == 3);
  CHECK_FALSE(f.script->commands[2].repeated);
}

TEST_CASE("if the check which endpoints have tokens fails, the tokens of all are deleted without it") {
  remover_fixture f;
  f.database->outcome = errc::internal;
  f.unregister({"a", "b"});
  CHECK(f.script->endpoints == std::vector<std::string>{"a", "b"});
  CHECK(f.lost() == 0);
}

TEST_CASE("after a crash of the remover the next one continues its work") {
  remover_fixture f;
  f.script->outcome = errc::unavailable;
  f.unregister({"a", "b", "c", "d", "e", "f"});
  f.system.kill(f.remover);
  CHECK(f.backlog->size() == 6);
  f.script->outcome = errc::none;
  f.script->endpoints.clear();
  f.start();
  CHECK(f.script->endpoints.size() == 6);
  CHECK(f.backlog->size() == 0);
}
