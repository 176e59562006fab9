#include "actors/events/event_encoding.hpp"
#include "actors/events/outbox_queue.hpp"
#include "catch.hpp"
#include "messaging/records/ecap.hpp"
#include "storage_fixtures.hpp"

using namespace cm;
using namespace cm::actors;
using namespace cm::test;

namespace {

std::vector<core::revocation> revocations(std::uint64_t first, std::size_t count) {
  std::vector<core::revocation> out;
  for (std::size_t i = 0; i < count; ++i) {
    core::revocation event;
    event.sequence = first + i;
    out.push_back(event);
  }
  return out;
}

std::vector<std::uint64_t> sequences(const std::vector<core::revocation>& events) {
  std::vector<std::uint64_t> out;
  for (const auto& event : events)
    out.push_back(event.sequence);
  return out;
}

} // namespace

TEST_CASE("events are published in order of arrival, once, and stay until they are confirmed") {
  outbox_queue queue(100, seconds{4});
  CHECK(queue.add(revocations(1, 3), at(milliseconds{0})) == 0);
  const auto first = queue.take(2);
  CHECK(sequences(first) == std::vector<std::uint64_t>{1, 2});
  CHECK(queue.waits());
  CHECK(sequences(queue.take(2)) == std::vector<std::uint64_t>{3});
  CHECK_FALSE(queue.waits());
  CHECK(queue.take(2).empty());
  CHECK(queue.size() == 3);
  queue.done(first);
  CHECK(queue.size() == 1);
  CHECK_FALSE(queue.holds(first[0]));
  queue.done(revocations(3, 1));
  CHECK(queue.empty());
}

TEST_CASE("events that were not confirmed are published again, at their old position") {
  outbox_queue queue(100, seconds{4});
  static_cast<void>(queue.add(revocations(1, 4), at(milliseconds{0})));
  static_cast<void>(queue.take(1));
  const auto second = queue.take(1);
  static_cast<void>(queue.take(1));
  queue.requeue(second);
  queue.requeue(second); // it is waiting already
  CHECK(sequences(queue.take(10)) == std::vector<std::uint64_t>{2, 4});
  CHECK_FALSE(queue.waits());
  queue.requeue(revocations(9, 1)); // not in the queue
  CHECK_FALSE(queue.waits());
  queue.requeue_all();
  CHECK(sequences(queue.take(10)) == std::vector<std::uint64_t>{1, 2, 3, 4});
}

TEST_CASE("an event in the queue is not added twice; a confirmed one may be added again") {
  outbox_queue queue(100, seconds{4});
  static_cast<void>(queue.add(revocations(1, 2), at(milliseconds{0})));
  static_cast<void>(queue.add(revocations(1, 2), at(milliseconds{1})));
  CHECK(queue.size() == 2);
  queue.done(revocations(1, 2));
  static_cast<void>(queue.add(revocations(1, 1), at(milliseconds{2})));
  CHECK(queue.size() == 1);
}

TEST_CASE("events beyond the limit are rejected and stay in the outbox") {
  outbox_queue queue(2, seconds{4});
  CHECK(queue.add(revocations(1, 5), at(milliseconds{0})) == 3);
  CHECK(sequences(queue.take(10)) == std::vector<std::uint64_t>{1, 2});
}

TEST_CASE("an event is dropped when its lease ends, because another replica may claim it then") {
  outbox_queue queue(10, seconds{4});
  static_cast<void>(queue.add(revocations(1, 1), at(seconds{0})));
  static_cast<void>(queue.add(revocations(2, 1), at(seconds{2})));
  queue.expire(at(milliseconds{3999}));
  CHECK(queue.size() == 2);
  CHECK(sequences(queue.take(1)) == std::vector<std::uint64_t>{1});
  queue.expire(at(seconds{4}));
  CHECK(queue.waits());
  CHECK(sequences(queue.take(10)) == std::vector<std::uint64_t>{2});
  static_cast<void>(queue.add(revocations(1, 1), at(seconds{5})));
  CHECK(queue.size() == 2);
  CHECK(queue.waits());
}

TEST_CASE("a revocation of tokens is encoded as one event with all their IDs") {
  core::revocation revoked;
  revoked.application = "app-1";
  revoked.endpoint_id = "endpoint-1";
  revoked.ids = {id_of(1), id_of(2)};
  revoked.correlation_id = "c-1";
  revoked.at = core::from_unix_ms(1234);
  const auto encoded = encode_event(revoked, "cm", "replica-1", 1'000);
  REQUIRE(encoded.payloads.size() == 1);
  CHECK(encoded.subject == "kaa.v1.events.cm.endpoint.token.revoked");
  const auto event = messaging::decode<messaging::ecap::endpoint_token_revoked_event>(encoded.payloads[0]);
  REQUIRE(event.has_value());
  CHECK(event->correlation_id == "c-1");
  CHECK(event->timestamp == 1234);
  CHECK(event->timeout == 0);
  CHECK(event->app_name == "app-1");
  CHECK(event->endpoint_id == "endpoint-1");
  CHECK(event->token_ids == std::vector<std::string_view>{core::to_string(id_of(1)), core::to_string(id_of(2))});
  CHECK(event->originator_replica_id == "replica-1");
}

TEST_CASE("a revocation of a client credential of either kind is encoded as one event") {
  core::revocation revoked;
  revoked.kind = GENERATE(core::revoked_kind::basic, core::revoked_kind::x509);
  revoked.ids = {id_of(7)};
  revoked.correlation_id = "c-2";
  const auto encoded = encode_event(revoked, "cm", "replica-1", 1'000);
  REQUIRE(encoded.payloads.size() == 1);
  CHECK(encoded.subject == "kaa.v1.events.cm.client.credential.revoked");
  const auto event = messaging::decode<messaging::ecap::client_credential_revoked_event>(encoded.payloads[0]);
  REQUIRE(event.has_value());
  CHECK(event->credential_id == core::to_string(id_of(7)));
  CHECK(event->correlation_id == "c-2");
  CHECK(event->originator_replica_id == "replica-1");
}
