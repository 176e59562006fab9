#include "actors/endpoint_remover.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

/// Answers changes with what the test has prepared.
struct fake_manager_script {
  errc outcome = errc::none;
  std::vector<std::string> endpoints;
};

credential_manager_actor::behavior_type fake_manager(credential_manager_actor::pointer self,
                                                     std::shared_ptr<fake_manager_script> script) {
  harden(self);
  return {
    [](create_atom, const create_order_ptr&) { return create_result_ptr{}; },
    [=](apply_atom, const credential_change_ptr& change) {
      script->endpoints.push_back(std::get<storage::delete_endpoint_tokens>(change->command).endpoint_id);
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
  };
}

struct remover_fixture {
  remover_fixture() : manager(system.spawn(fake_manager, script)) {
    remover = system.spawn(endpoint_remover, endpoint_remover_settings{}, backlog, manager);
  }

  void gone(std::vector<std::string> endpoints) {
    auto event = std::make_shared<removed_endpoints>();
    for (auto& endpoint : endpoints) {
      CHECK(door->enter());
      event->items.push_back({std::move(endpoint), "c-1"});
    }
    event->door = door;
    system.tell(remover, remove_v, removed_endpoints_ptr{std::move(event)});
  }

  virtual_system system;
  std::shared_ptr<fake_manager_script> script = std::make_shared<fake_manager_script>();
  std::shared_ptr<admission> door = std::make_shared<admission>(100);
  std::shared_ptr<removal_backlog> backlog = std::make_shared<removal_backlog>();
  credential_manager_actor manager;
  endpoint_remover_actor remover;
};

} // namespace

TEST_CASE("every endpoint of an event loses its tokens, in the order of the event, and leaves the house then") {
  remover_fixture f;
  f.gone({"a", "b", "c", "d", "e", "f"});
  CHECK(f.script->endpoints == std::vector<std::string>{"a", "b", "c", "d", "e", "f"});
  CHECK(f.door->inside() == 0);
}

TEST_CASE("while the database is away an event waits and is tried again, with pauses that grow") {
  remover_fixture f;
  f.script->outcome = errc::unavailable;
  f.gone({"a"});
  f.system.pass(seconds{10});
  const auto tries = f.script->endpoints.size();
  CHECK(tries > 3);
  CHECK(tries < 20);
  CHECK(f.door->inside() == 1);
  f.script->outcome = errc::none;
  f.system.pass(seconds{6});
  CHECK(f.door->inside() == 0);
}

TEST_CASE("an event that fails for good does not hold up the others") {
  remover_fixture f;
  f.script->outcome = errc::internal;
  f.gone({"a", "b"});
  CHECK(f.script->endpoints == std::vector<std::string>{"a", "b"});
  CHECK(f.door->inside() == 0);
}

TEST_CASE("what a remover that died has not done, the next one does") {
  remover_fixture f;
  f.script->outcome = errc::unavailable;
  f.gone({"a", "b", "c", "d", "e", "f"});
  f.system.kill(f.remover);
  CHECK(f.door->inside() == 6);
  f.script->outcome = errc::none;
  f.script->endpoints.clear();
  f.remover = f.system.spawn(endpoint_remover, endpoint_remover_settings{}, f.backlog, f.manager);
  f.system.run();
  CHECK(f.script->endpoints.size() == 6);
  CHECK(f.door->inside() == 0);
}
