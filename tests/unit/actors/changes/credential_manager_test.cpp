#include "actors/changes/credential_manager.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/nats.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

#include <set>

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

class manager_fixture {
public:
  manager_fixture() : gate(system.spawn(fake_gate, script)) {
    credential_manager_settings settings;
    settings.hash_key = core::secret("key");
    settings.token_length = 12;
    settings.applications = configured_applications({{"app-1", {}}, {"app-2", {}}});
    manager = system.spawn(credential_manager, settings, gate, event_publisher_actor{});
    system.run();
  }

  std::shared_ptr<answer<create_result_ptr>> create(std::optional<std::string> token = std::nullopt,
                                                    const std::string& application = "app-1") {
    create_token_order order;
    order.request.endpoint_id = "endpoint-1";
    order.request.application_name = application;
    if (token)
      order.request.token = core::secret(*token);
    order.origin = {core::channel::rest, "somebody", "correlation-1"};
    order.deadline = system.now() + seconds{5};
    return system.ask<create_result_ptr>(manager, create_v,
                                         std::make_shared<const create_token_order>(std::move(order)));
  }

  [[nodiscard]] const storage::create_token& stored(std::size_t index) const {
    return std::get<storage::create_token>(script->jobs.at(index)->command);
  }

  virtual_system system;
  std::shared_ptr<fake_gate_script> script = std::make_shared<fake_gate_script>();
  storage_gate_actor gate;
  credential_manager_actor manager;
};

core::error problem_of(const std::shared_ptr<answer<create_result_ptr>>& answer) {
  REQUIRE(answer->value.has_value());
  REQUIRE((*answer->value)->has_error());
  return (*answer->value)->error();
}

const created_token_outcome& outcome_of(const std::shared_ptr<answer<create_result_ptr>>& answer) {
  REQUIRE(answer->value.has_value());
  REQUIRE((*answer->value)->has_value());
  return ***answer->value;
}

core::token_hash hash_of(const std::string& application, std::string_view token) {
  return core::token_hasher{core::secret("key")}.hash(application, token);
}

} // namespace

TEST_CASE("a token is generated if the client brings none, stored as its hash and shown once") {
  manager_fixture f;
  f.script->outcomes = {errc::none};
  const auto created = f.create();
  const auto& outcome = outcome_of(created);
  CHECK(outcome.value.reveal().size() == 12);
  CHECK(outcome.token.endpoint_id == "endpoint-1");
  CHECK(outcome.token.id == f.stored(0).id);
  CHECK(f.stored(0).hash == hash_of("app-1", outcome.value.reveal()));
  CHECK(f.stored(0).application == "app-1");
  CHECK(f.stored(0).endpoint_id == "endpoint-1");
  CHECK(f.stored(0).status == core::credential_status::inactive);
  CHECK(f.stored(0).origin.actor == "somebody");
  CHECK(f.stored(0).origin.correlation_id == "correlation-1");
}

TEST_CASE("a token that the client brings is stored unchanged") {
  manager_fixture f;
  f.script->outcomes = {errc::none};
  CHECK(outcome_of(f.create("my-token", "app-2")).value.reveal() == "my-token");
  CHECK(f.stored(0).hash == hash_of("app-2", "my-token"));
}

TEST_CASE("a generated token that exists already is replaced by another one") {
  manager_fixture f;
  f.script->outcomes = {errc::conflict, errc::conflict, errc::none};
  const auto created = f.create();
  const auto& outcome = outcome_of(created);
  REQUIRE(f.script->jobs.size() == 3);
  CHECK(f.stored(2).hash == hash_of("app-1", outcome.value.reveal()));
  CHECK(f.stored(2).id == outcome.token.id);
  CHECK(std::set<core::token_hash>{f.stored(0).hash, f.stored(1).hash, f.stored(2).hash}.size() == 3);
  CHECK(std::set<core::uuid>{f.stored(0).id, f.stored(1).id, f.stored(2).id}.size() == 3);
}

TEST_CASE("after five generated tokens that exist already the result is a conflict") {
  manager_fixture f;
  f.script->outcomes = std::vector<errc>(10, errc::conflict);
  CHECK(problem_of(f.create()).code == errc::conflict);
  CHECK(f.script->jobs.size() == 5);
}

TEST_CASE("a client's own token that exists already is a conflict at once") {
  manager_fixture f;
  f.script->outcomes = {errc::conflict, errc::none};
  CHECK(problem_of(f.create("my-token")).code == errc::conflict);
  CHECK(f.script->jobs.size() == 1);
}

TEST_CASE("a failure of the database is passed on") {
  manager_fixture f;
  const auto given = GENERATE(errc::unavailable, errc::overloaded, errc::internal);
  f.script->outcomes = {given};
  const auto problem = problem_of(f.create());
  CHECK(problem.code == given);
  CHECK(problem.detail == "in the database");
  CHECK(f.script->jobs.size() == 1);
}

TEST_CASE("an invalid license refuses changes until it is valid again; its reason is for the log only") {
  manager_fixture f;
  f.script->outcomes = {errc::none};
  f.system.tell(f.manager, license_v, false, std::string("the license has expired"));
  const auto problem = problem_of(f.create());
  CHECK(problem.code == errc::unavailable);
  CHECK(problem.message == "The license does not allow changes");
  CHECK(problem.detail == "the license has expired");
  CHECK(f.script->jobs.empty());
  f.system.tell(f.manager, license_v, true, std::string());
  CHECK(f.create("my-token")->value.value()->has_value());
}

TEST_CASE("a token for an application that is not configured is refused as not found") {
  manager_fixture f;
  CHECK(problem_of(f.create("my-token", "app-3")).code == errc::not_found);
  CHECK(f.script->jobs.empty());
}

TEST_CASE("pending creations are answered unavailable when the manager ends") {
  manager_fixture f; // its gate does not respond
  const auto first = f.create();
  const auto second = f.create("my-token");
  CHECK_FALSE(first->there());
  CHECK_FALSE(second->there());
  f.system.kill(f.manager, GENERATE(caf::exit_reason::kill, caf::exit_reason::user_shutdown));
  CHECK(problem_of(first).code == errc::unavailable);
  CHECK(problem_of(second).code == errc::unavailable);
}

TEST_CASE("a creation is answered even if the gate never responds") {
  manager_fixture f;
  const auto waiting = f.create();
  f.system.pass(milliseconds{5499});
  CHECK_FALSE(waiting->there());
  f.system.pass(milliseconds{2});
  CHECK(problem_of(waiting).code == errc::unavailable);
}

TEST_CASE("the manager uses a new gate after the old one has ended") {
  manager_fixture f;
  f.system.kill(f.gate);
  CHECK(problem_of(f.create()).code == errc::unavailable);
  f.script->outcomes = {errc::none};
  f.system.tell(f.manager, peer_v, storage_gate_peer{f.system.spawn(fake_gate, f.script)});
  CHECK(f.create()->value.value()->has_value());
}

namespace {

// A revocation follower that answers at a tick, with the given result.
struct fake_follower_state {
  static inline const char* name = "fake-follower";
  std::vector<caf::typed_response_promise<bool>> asked;
};

revocation_follower_actor::behavior_type
fake_follower(revocation_follower_actor::stateful_pointer<fake_follower_state> self, bool reads) {
  harden(self);
  return {
    [self](read_atom) -> caf::result<bool> {
      self->state.asked.push_back(self->make_response_promise<bool>());
      return self->state.asked.back();
    },
    [](received_atom, const invalidated_tokens_ptr&) {},
    [](nats_atom, const nats_state_ptr&) {},
    [](peer_atom, const forwarder_ptr&) {},
    [](peer_atom, const storage_gate_peer&) {},
    [](peer_atom, const event_publisher_peer&) {},
    [](watch_atom) {},
    [self, reads](tick_atom) {
      for (auto& promise : std::exchange(self->state.asked, {}))
        promise.deliver(reads);
    },
  };
}

// Requests a transition of a token by its value; the database answers that it does not exist. Counts how often the
// caches are emptied.
struct unknown_token_fixture : manager_fixture {
  explicit unknown_token_fixture(bool reads) : follower(system.spawn(fake_follower, reads)) {
    system.tell(manager, peer_v, revocation_follower_peer{follower});
    system.tell(manager, peer_v, forwarder_ptr{std::make_shared<const forwarder>([this](const delivery& what) {
                  everything += std::get<invalidated_tokens_ptr>(what)->everything ? 1 : 0;
                })});
    script->outcomes = {errc::not_found};
    storage::change_token_status command;
    command.which = core::token_hash{};
    asked = system.ask<storage_result_ptr>(manager, apply_v,
                                           std::make_shared<const credential_change>(credential_change{
                                             command, core::channel::ecap, system.now() + seconds{5}}));
  }

  revocation_follower_actor follower;
  std::shared_ptr<answer<storage_result_ptr>> asked;
  int everything = 0;
};

} // namespace

TEST_CASE("a response that a token does not exist waits until this replica has read the revocations of others") {
  unknown_token_fixture f{true};
  CHECK_FALSE(f.asked->there());
  f.system.tell(f.follower, tick_v);
  REQUIRE(f.asked->value.has_value());
  CHECK((*f.asked->value)->error().code == errc::not_found);
  CHECK(f.everything == 0);
}

TEST_CASE("if these revocations cannot be read, the token caches are emptied") {
  SECTION("because the database does not respond") {
    unknown_token_fixture f{false};
    f.system.tell(f.follower, tick_v);
    REQUIRE(f.asked->value.has_value());
    CHECK(f.everything == 1);
  }
  SECTION("because the follower does not respond in time") {
    unknown_token_fixture f{true};
    f.system.pass(milliseconds{1'700});
    REQUIRE(f.asked->value.has_value());
    CHECK(f.everything == 1);
  }
}
