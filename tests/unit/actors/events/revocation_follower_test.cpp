#include "actors/events/revocation_follower.hpp"
#include "actors/interfaces/database.hpp"
#include "actors/interfaces/events.hpp"
#include "actors/interfaces/health.hpp"
#include "actors/interfaces/nats.hpp"
#include "catch.hpp"
#include "virtual_time.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;

namespace {

// A database with the table `revocation` only.
struct revocation_table {
  std::vector<core::revocation> rows;
  bool unavailable = false;
  std::size_t readings = 0;
  std::size_t confirmations = 0; ///< of the hash key
};

storage_result_ptr reply_of(storage::reply reply) {
  return std::make_shared<storage_result>(std::move(reply));
}

storage_result_ptr answer_from(revocation_table& table, const storage::command& what) {
  if (table.unavailable)
    return failure(core::errc::unavailable, "away");
  if (const auto* find = std::get_if<storage::find_revocations>(&what)) {
    ++table.readings;
    storage::found_revocations found;
    for (const auto& row : table.rows) {
      if (!find->after || row.sequence > *find->after)
        found.sequences.push_back(row.sequence);
    }
    std::sort(found.sequences.begin(), found.sequences.end());
    if (!find->after && found.sequences.size() > 1)
      found.sequences = {found.sequences.back()};
    return reply_of(std::move(found));
  }
  if (const auto* get = std::get_if<storage::get_revocations>(&what)) {
    storage::revocation_page page;
    for (const auto& row : table.rows) {
      if (std::count(get->sequences.begin(), get->sequences.end(), row.sequence) > 0)
        page.items.push_back(row);
    }
    return reply_of(std::move(page));
  }
  ++table.confirmations;
  return reply_of(storage::kept_hash_key{true});
}

storage_gate_actor::behavior_type table_gate(storage_gate_actor::pointer self,
                                             std::shared_ptr<revocation_table> table) {
  harden(self);
  return {
    [](find_atom, const token_lookup_ptr&) { return failure(core::errc::internal); },
    [=](execute_atom, const storage_job_ptr& job) { return answer_from(*table, job->command); },
    [](activate_atom, const activations_ptr&) {},
    [](state_atom, std::size_t, const worker_report_ptr&) {},
    [](drain_atom) { return true; },
    [](peer_atom, std::size_t, const database_worker_peer&) {},
    [](peer_atom, const health_peer&) {},
    [](tick_atom) {},
  };
}

using published_events = std::vector<core::revocation>;

event_publisher_actor::behavior_type fake_publisher(event_publisher_actor::pointer self,
                                                    std::shared_ptr<published_events> published) {
  harden(self);
  return {
    [](publish_atom, const revocations_ptr&) {},
    [=](republish_atom, const revocations_ptr& events) {
      published->insert(published->end(), events->begin(), events->end());
    },
    [](nats_atom, const nats_state_ptr&) {},
    [](drain_atom) { return true; },
    [](peer_atom, const storage_gate_peer&) {},
    [](peer_atom, const health_peer&) {},
    [](begin_atom) {},
    [](tick_atom) {},
  };
}

class follower_fixture {
public:
  follower_fixture() {
    revocation_follower_settings settings;
    settings.token_feed = std::make_shared<revocation_feed>();
    settings.client_feed = std::make_shared<revocation_feed>();
    settings.metrics = std::make_shared<outbox_metrics>();
    tokens = settings.token_feed;
    clients = settings.client_feed;
    metrics = settings.metrics;
    follower = system.spawn(revocation_follower, std::move(settings), system.spawn(table_gate, table),
                            system.spawn(fake_publisher, published));
    system.tell(follower, peer_v, forwarder_ptr{std::make_shared<const forwarder>([this](const delivery& what) {
                  const auto& revoked = std::get<invalidated_tokens_ptr>(what);
                  invalidated.insert(invalidated.end(), revoked->ids.begin(), revoked->ids.end());
                  everything += revoked->everything ? 1 : 0;
                })});
    set_nats_up(true);
    begin_feeds();
    system.pass(milliseconds{10});
  }

  void set_nats_up(bool up) {
    auto state = std::make_shared<nats_state>();
    state->up = up;
    system.tell(follower, nats_v, nats_state_ptr{std::move(state)});
  }

  void begin_feeds() {
    for (const auto& feed : {tokens, clients})
      REQUIRE(feed->begin(feed->mark(), nullptr, 0));
  }

  core::revocation commit(std::uint64_t sequence, core::revoked_kind kind = core::revoked_kind::endpoint_tokens) {
    core::revocation row;
    row.sequence = sequence;
    row.kind = kind;
    row.ids = {id_of(sequence)};
    row.at = core::from_unix_ms(static_cast<std::int64_t>(1'000 + sequence));
    table->rows.push_back(row);
    return row;
  }

  void receive(const core::revocation& event) {
    auto events = std::make_shared<invalidated_tokens>();
    for (const auto& id : event.ids)
      events->received.push_back({id, event.at});
    system.tell(follower, received_v, invalidated_tokens_ptr{std::move(events)});
  }

  virtual_system system;
  std::shared_ptr<revocation_table> table = std::make_shared<revocation_table>();
  std::shared_ptr<published_events> published = std::make_shared<published_events>();
  std::shared_ptr<revocation_feed> tokens;
  std::shared_ptr<revocation_feed> clients;
  std::shared_ptr<outbox_metrics> metrics;
  revocation_follower_actor follower;
  std::vector<core::uuid> invalidated;
  int everything = 0;
};

// From a commit until all its effects are visible: one reading, the grace time, some reserve.
constexpr milliseconds bound{1'500};

} // namespace

TEST_CASE("a revocation of another replica invalidates the token here within 0.8 s, with or without its event") {
  follower_fixture f;
  const auto row = f.commit(1);
  f.system.pass(milliseconds{760});
  CHECK(f.invalidated == row.ids);
  f.system.pass(bound);
  CHECK(f.invalidated == row.ids);
}

TEST_CASE("an event that does not arrive is published once by this replica too, within 1.5 s of the commit") {
  follower_fixture f;
  const auto kind = GENERATE(core::revoked_kind::endpoint_tokens, core::revoked_kind::basic, core::revoked_kind::x509);
  const auto row = f.commit(1, kind);
  f.system.pass(bound);
  CHECK(*f.published == published_events{row});
  CHECK(f.metrics->republished.value() == 1);
  f.system.pass(seconds{5});
  CHECK(f.published->size() == 1);
}

TEST_CASE("an event that arrives before or after its row is read is not published again") {
  follower_fixture f;
  f.receive(f.commit(1));
  const auto late = f.commit(2);
  f.system.pass(milliseconds{760});
  f.receive(late);
  f.system.pass(seconds{5});
  CHECK(f.published->empty());
}

TEST_CASE("an event is not published while this replica could not have received it, but afterwards") {
  follower_fixture f;
  SECTION("without a connection to NATS") {
    f.set_nats_up(false);
    const auto row = f.commit(1);
    f.system.pass(seconds{10});
    CHECK(f.published->empty());
    f.set_nats_up(true);
    f.system.pass(bound);
    CHECK(*f.published == published_events{row});
  }
  SECTION("without a subscription to the events") {
    f.tokens->lose();
    const auto row = f.commit(1);
    f.system.pass(seconds{10});
    CHECK(f.published->empty());
    REQUIRE(f.tokens->begin(f.tokens->mark(), nullptr, 0));
    f.system.pass(bound);
    CHECK(*f.published == published_events{row});
  }
  SECTION("and not at all after 30 s") {
    f.set_nats_up(false);
    f.commit(1);
    f.system.pass(seconds{32});
    f.set_nats_up(true);
    f.system.pass(bound);
    CHECK(f.published->empty());
  }
}

TEST_CASE("revocations from before the start are not published, and the caches start empty") {
  follower_fixture f;
  CHECK(f.everything == 1);
  f.commit(5);
  f.system.pass(bound);
  f.published->clear();
  f.invalidated.clear();

  const auto other = f.system.spawn(revocation_follower, revocation_follower_settings{},
                                    f.system.spawn(table_gate, f.table), f.system.spawn(fake_publisher, f.published));
  f.system.pass(bound);
  CHECK(f.published->empty());
  CHECK(f.system.ask<bool>(other, read_v)->value == true);
}

TEST_CASE("a revocation that is committed later with a lower number is followed as well") {
  follower_fixture f;
  f.commit(3);
  f.system.pass(bound);
  const auto late = f.commit(2);
  f.system.pass(bound);
  CHECK(f.invalidated == std::vector<core::uuid>{id_of(3), id_of(2)});
  CHECK(f.published->back() == late);
}

TEST_CASE("a requested reading is answered when it is done, and covers what was committed before") {
  follower_fixture f;
  const auto row = f.commit(1);
  const auto asked = f.system.ask<bool>(f.follower, read_v);
  CHECK(asked->value == true);
  CHECK(f.invalidated == row.ids);
  SECTION("or with false if the database does not respond") {
    f.table->unavailable = true;
    CHECK(f.system.ask<bool>(f.follower, read_v)->value == false);
    f.table->unavailable = false;
    const auto next = f.commit(2);
    f.system.pass(milliseconds{760});
    CHECK(f.invalidated.back() == next.ids.front());
  }
}

TEST_CASE("the record of the hash key is confirmed every 3 s") {
  follower_fixture f;
  f.system.pass(seconds{10});
  CHECK(f.table->confirmations >= 3);
  CHECK(f.table->confirmations <= 5);
}

TEST_CASE("a table that ends before the last known row is followed from its new end, and the caches are emptied") {
  follower_fixture f;
  f.commit(7);
  f.system.pass(bound);
  f.table->rows.clear();
  f.system.pass(seconds{4});
  CHECK(f.everything == 2);
  f.invalidated.clear();
  const auto row = f.commit(3);
  f.system.pass(milliseconds{760});
  CHECK(f.invalidated == row.ids);
}
