// token-reader: how batches form, who gets which response, deadlines and bounds.
#include "actors/database/storage_request.hpp"
#include "actors/http/token_reader.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/http.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

#include <algorithm>
#include <map>
#include <string>

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using std::chrono::milliseconds;

namespace {

core::uuid id_of(unsigned number) {
  core::uuid id;
  id.bytes[15] = static_cast<std::uint8_t>(number);
  id.bytes[14] = static_cast<std::uint8_t>(number >> 8U);
  return id;
}

/// The reply of a database in which the tokens with an even last byte exist.
storage_result_ptr database_reply(const storage::command& command) {
  storage::reply out = storage::pong{};
  if (const auto* items = std::get_if<storage::get_tokens>(&command)) {
    storage::got_tokens found;
    for (const auto& [endpoint, id] : items->which) {
      std::optional<core::endpoint_token> token;
      if (id.bytes[15] % 2 == 0)
        token = core::endpoint_token{id, "app", endpoint, core::credential_status::active, {}, {}};
      found.tokens.push_back(token);
    }
    out = std::move(found);
  } else if (const auto* lists = std::get_if<storage::list_many>(&command)) {
    storage::token_pages found;
    for (const auto& list : lists->lists)
      found.pages.push_back({{}, list.offset, {}});
    out = std::move(found);
  }
  return std::make_shared<const storage_result>(std::move(out));
}

struct held_gate_state {
  static inline const char* name = "held-gate";
  std::vector<std::pair<caf::typed_response_promise<storage_result_ptr>, storage_job_ptr>> held;
};

/// Holds every job back. A tick answers the oldest with the reply of the database, or with `instead`.
struct held_gate_script {
  std::vector<storage_job_ptr> jobs;
  storage_result_ptr instead;
};

storage_gate_actor::behavior_type held_gate(storage_gate_actor::stateful_pointer<held_gate_state> self,
                                            std::shared_ptr<held_gate_script> script) {
  harden(self);
  return {
    [](find_atom, const token_lookup_ptr&) { return failure(core::errc::internal); },
    [=](execute_atom, const storage_job_ptr& job) -> caf::result<storage_result_ptr> {
      script->jobs.push_back(job);
      self->state.held.emplace_back(self->make_response_promise<storage_result_ptr>(), job);
      return self->state.held.back().first;
    },
    [](activate_atom, const activations_ptr&) {},
    [](state_atom, std::size_t, const worker_report_ptr&) {},
    [](drain_atom) { return true; },
    [](peer_atom, std::size_t, const database_worker_peer&) {},
    [](peer_atom, const health_peer&) {},
    [=](tick_atom) {
      auto& held = self->state.held;
      if (held.empty())
        return;
      auto [promise, job] = held.front();
      held.erase(held.begin());
      promise.deliver(script->instead ? script->instead : database_reply(job->command));
    },
  };
}

class reader_fixture {
public:
  explicit reader_fixture(token_reader_settings settings = {}) : gate(system.spawn(held_gate, script)) {
    reader = system.spawn(token_reader, settings, gate);
    system.run();
  }

  exchange_ptr request(const std::string& name) {
    http::request_head head;
    head.set_request_line(http::method::get, "/" + name, false);
    static_cast<void>(head.decode());
    return std::make_shared<http::exchange>(
      http::request{std::move(head), {}}, [this, name](http::response answer) { answers[name] = std::move(answer); },
      core::steady_time{});
  }

  void ask(const std::string& name, std::variant<storage::token_address, storage::list_tokens> what,
           milliseconds patience = milliseconds{5000}) {
    system.tell(
      reader, read_v, request(name),
      token_read_ptr{std::make_shared<const token_read>(token_read{std::move(what), system.now() + patience})});
  }

  void ask_item(unsigned number, milliseconds patience = milliseconds{5000}) {
    ask("item-" + std::to_string(number), storage::token_address{"ep", id_of(number)}, patience);
  }

  void answer_one_batch() { system.tell(gate, tick_v); }

  [[nodiscard]] std::size_t items_of(std::size_t job) const {
    return std::get<storage::get_tokens>(script->jobs.at(job)->command).which.size();
  }

  [[nodiscard]] int status_of(unsigned number) const {
    const auto answer = answers.find("item-" + std::to_string(number));
    return answer == answers.end() ? 0 : answer->second.status;
  }

  std::map<std::string, http::response> answers;
  virtual_system system;
  std::shared_ptr<held_gate_script> script = std::make_shared<held_gate_script>();
  storage_gate_actor gate;
  token_reader_actor reader;
};

} // namespace

TEST_CASE(
  "a single request is read at once; requests that arrive while two batches are in flight form the next batch") {
  reader_fixture f;
  for (unsigned i = 0; i < 10; ++i)
    f.ask_item(i);
  REQUIRE(f.script->jobs.size() == 2);
  CHECK(f.items_of(0) == 1);
  CHECK(f.items_of(1) == 1);
  f.answer_one_batch();
  REQUIRE(f.script->jobs.size() == 3);
  CHECK(f.items_of(2) == 8);
  f.answer_one_batch();
  f.answer_one_batch();
  CHECK(f.script->jobs.size() == 3);
  CHECK(f.answers.size() == 10);
}

TEST_CASE("each request gets its own response, 404 if the token does not exist") {
  reader_fixture f;
  for (unsigned i = 0; i < 10; ++i)
    f.ask_item(i);
  for (int i = 0; i < 3; ++i)
    f.answer_one_batch();
  for (unsigned i = 0; i < 10; ++i) {
    INFO(i);
    CHECK(f.status_of(i) == (i % 2 == 0 ? 200 : 404));
    const auto& body = f.answers.at("item-" + std::to_string(i)).body;
    CHECK((body.find(core::to_string(id_of(i))) != std::string::npos) == (i % 2 == 0));
  }
}

TEST_CASE("lists are batched too, separately from single tokens, and each request gets its own page") {
  reader_fixture f;
  for (std::uint64_t i = 0; i < 20; ++i) {
    storage::list_tokens list;
    list.endpoint_id = "ep";
    list.offset = i;
    f.ask("list-" + std::to_string(i), list);
  }
  f.ask_item(2);
  REQUIRE(f.script->jobs.size() == 3);
  CHECK(f.items_of(2) == 1);
  for (int i = 0; i < 6; ++i)
    f.answer_one_batch();
  const auto sizes = [&] {
    std::vector<std::size_t> all;
    for (const auto& job : f.script->jobs) {
      if (const auto* lists = std::get_if<storage::list_many>(&job->command))
        all.push_back(lists->lists.size());
    }
    return all;
  }();
  CHECK(sizes == std::vector<std::size_t>{1, 1, storage::max_lists, 2});
  for (std::uint64_t i = 0; i < 20; ++i) {
    const auto& answer = f.answers.at("list-" + std::to_string(i));
    CHECK(answer.status == 200);
    CHECK(answer.body.find("\"totalElements\":" + std::to_string(i) + "}") != std::string::npos);
  }
  CHECK(f.status_of(2) == 200);
}

TEST_CASE("an error of the database, or an unexpected reply, is the response to every request of a batch") {
  reader_fixture f;
  for (unsigned i = 0; i < 6; ++i)
    f.ask_item(i);
  f.script->instead = failure(core::errc::unavailable);
  f.answer_one_batch(); // item 0
  f.answer_one_batch(); // item 1
  f.answer_one_batch(); // the rest
  for (unsigned i = 0; i < 6; ++i)
    CHECK(f.status_of(i) == 503);
  f.script->instead = std::make_shared<const storage_result>(storage::reply{storage::pong{}});
  f.ask_item(8);
  f.answer_one_batch();
  CHECK(f.status_of(8) == 500);
  f.script->instead = nullptr;
  f.ask_item(10);
  f.answer_one_batch();
  CHECK(f.status_of(10) == 200);
}

TEST_CASE("a request that waits until its deadline is answered 503 without a read") {
  reader_fixture f;
  f.ask_item(0);
  f.ask_item(2);
  f.ask_item(4, milliseconds{100});
  f.system.pass(milliseconds{200});
  f.ask_item(6);
  f.answer_one_batch();
  CHECK(f.status_of(4) == 503);
  REQUIRE(f.script->jobs.size() == 3);
  CHECK(f.items_of(2) == 1);
  CHECK(f.script->jobs[2]->deadline > f.system.now());
}

TEST_CASE("a request beyond the limit of waiting requests is answered 503 at once") {
  token_reader_settings settings;
  settings.items.waiting = 3;
  reader_fixture f{settings};
  for (unsigned i = 0; i < 6; ++i)
    f.ask_item(2 * i);
  CHECK(f.status_of(10) == 503);
  for (int i = 0; i < 3; ++i)
    f.answer_one_batch();
  for (unsigned i = 0; i < 5; ++i)
    CHECK(f.status_of(2 * i) == 200);
}

TEST_CASE("requests are answered after a crash of the gate, and the next gate is used") {
  reader_fixture f;
  f.ask_item(0);
  f.ask_item(2);
  f.ask_item(4);
  f.system.kill(f.gate);
  f.system.pass(milliseconds{5000} + gate_grace
                + milliseconds{10}); // held_gate does not answer its promises when it ends
  CHECK(f.status_of(0) == 503);
  CHECK(f.status_of(2) == 503);
  CHECK(f.status_of(4) == 503);
  f.gate = f.system.spawn(held_gate, f.script);
  f.system.tell(f.reader, peer_v, storage_gate_peer{f.gate});
  f.ask_item(6);
  f.answer_one_batch();
  CHECK(f.status_of(6) == 200);
}

TEST_CASE("requests are answered when the reader dies") {
  reader_fixture f;
  for (unsigned i = 0; i < 5; ++i)
    f.ask_item(i);
  f.system.kill(f.reader);
  for (unsigned i = 0; i < 5; ++i)
    CHECK(f.status_of(i) == 503);
}
