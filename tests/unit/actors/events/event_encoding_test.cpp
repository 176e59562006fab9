#include "actors/events/event_encoding.hpp"
#include "catch.hpp"
#include "messaging/records/avro.hpp"
#include "messaging/records/ecap.hpp"
#include "storage_fixtures.hpp"

#include <limits>

using namespace cm;
using namespace cm::actors;
using namespace cm::test;

namespace {

constexpr auto no_limit = std::numeric_limits<std::size_t>::max();

core::revocation tokens(std::size_t count) {
  core::revocation revoked;
  revoked.application = "app-1";
  revoked.endpoint_id = "endpoint-1";
  for (std::size_t i = 0; i < count; ++i)
    revoked.ids.push_back(id_of(i));
  revoked.correlation_id = "c-1";
  revoked.at = core::from_unix_ms(1234);
  return revoked;
}

std::vector<std::string> parts(const core::revocation& revoked, std::size_t max_payload) {
  return encode_event(revoked, "cm", "replica-1", max_payload).payloads;
}

// Returns the IDs in each message; checks that the messages are equal otherwise.
std::vector<std::vector<std::string>> ids_of(const std::vector<std::string>& payloads) {
  std::vector<std::vector<std::string>> out;
  for (const auto& payload : payloads) {
    const auto event = messaging::decode<messaging::ecap::endpoint_token_revoked_event>(payload);
    REQUIRE(event.has_value());
    CHECK(event->correlation_id == "c-1");
    CHECK(event->timestamp == 1234);
    CHECK(event->app_name == "app-1");
    CHECK(event->endpoint_id == "endpoint-1");
    CHECK(event->originator_replica_id == "replica-1");
    out.emplace_back(event->token_ids.begin(), event->token_ids.end());
  }
  return out;
}

std::vector<std::string> all(const core::revocation& revoked) {
  std::vector<std::string> out;
  for (const auto& id : revoked.ids)
    out.push_back(core::to_string(id));
  return out;
}

} // namespace

TEST_CASE("an event of exactly max_payload is one message; one byte more makes two") {
  // The item count before the IDs takes one byte up to 63, two up to 8,191, then three.
  const auto count = GENERATE(std::size_t{2}, std::size_t{63}, std::size_t{64}, std::size_t{2'000}, std::size_t{8'191},
                              std::size_t{8'192}, std::size_t{20'000});
  const auto revoked = tokens(count);
  const auto whole = parts(revoked, no_limit);
  REQUIRE(whole.size() == 1);
  CHECK(parts(revoked, whole[0].size()) == whole);
  const auto two = parts(revoked, whole[0].size() - 1);
  REQUIRE(two.size() == 2);
  CHECK(two[0].size() < whole[0].size());
  CHECK(ids_of(two)[1].size() == 1);
}

TEST_CASE("the messages of a split event have every token once, in order, and at most max_payload bytes each") {
  const auto max_payload = GENERATE(std::size_t{200}, std::size_t{1'024}, std::size_t{65'536});
  const auto revoked = tokens(5'000);
  const auto messages = parts(revoked, max_payload);
  std::vector<std::string> named;
  for (const auto& ids : ids_of(messages))
    named.insert(named.end(), ids.begin(), ids.end());
  CHECK(named == all(revoked));
  const std::size_t id_bytes = 37;
  for (std::size_t i = 0; i < messages.size(); ++i) {
    CHECK(messages[i].size() <= max_payload);
    if (i + 1 < messages.size())
      CHECK(messages[i].size() + id_bytes + 1 > max_payload); // no more messages than necessary
  }
}

TEST_CASE("if one ID fits each gets its own message, and if none fits there is no message") {
  const auto single = parts(tokens(1), no_limit).at(0).size();
  CHECK(parts(tokens(3), single).size() == 3);
  CHECK(parts(tokens(3), single - 1).empty());
  CHECK(parts(tokens(1), single - 1).empty());
  CHECK(parts(tokens(1), 0).empty());
}

TEST_CASE("the event of a client credential is one message or none") {
  core::revocation revoked;
  revoked.kind = core::revoked_kind::basic;
  revoked.ids = {id_of(7)};
  const auto size = parts(revoked, no_limit).at(0).size();
  CHECK(parts(revoked, size).size() == 1);
  CHECK(parts(revoked, size - 1).empty());
}

TEST_CASE("the computed sizes of Avro longs and strings are those of the encoder") {
  for (const std::int64_t value : {0L, 63L, 64L, 8'191L, 8'192L, 1'048'575L, 1'048'576L, -1L, -64L, -65L}) {
    std::string out;
    messaging::avro::writer(out).write_long(value);
    CHECK(messaging::avro::size_of_long(value) == out.size());
  }
  for (const std::size_t length : {std::size_t{0}, std::size_t{63}, std::size_t{64}, std::size_t{8'192}}) {
    std::string out;
    messaging::avro::writer(out).write_string(std::string(length, 'x'));
    CHECK(messaging::avro::size_of_string(std::string(length, 'x')) == out.size());
  }
}
