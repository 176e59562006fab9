#include "actors/nats/path_proof.hpp"
#include "actors/nats/self_test.hpp"
#include "catch.hpp"
#include "core/base/time.hpp"
#include "messaging/records/avro.hpp"
#include "messaging/records/ecap.hpp"

#include <memory>

using namespace cm;
using namespace cm::actors;
using std::chrono::milliseconds;

namespace {

core::steady_time probed_at(int ms) {
  return core::steady_time{std::chrono::hours{1}} + milliseconds{ms};
}

// Looks every 250 ms, as the actor does. @return what was blocked at the end
std::string look_until(path_proof& proof, int from, int to) {
  std::string last;
  for (int ms = from; ms <= to; ms += 250)
    last = proof.blocked(probed_at(ms));
  return last;
}

} // namespace

TEST_CASE("the path is blocked when one of the validators owes an answer for longer than the patience") {
  path_proof proof{{}, 2, {}};
  CHECK(proof.blocked(probed_at(0)).empty());
  proof.sent(probed_at(0));
  proof.answered(0);
  proof.sent(probed_at(1000));
  proof.answered(0);
  CHECK(look_until(proof, 250, 3000).empty());
  CHECK(look_until(proof, 3250, 3250) == "no answer to a test request by way of token-validator-1");
  proof.answered(7); // an index of nobody
  CHECK_FALSE(look_until(proof, 3500, 3500).empty());
  proof.answered(1);
  CHECK(look_until(proof, 3750, 3750).empty());
}

TEST_CASE("the path is not judged while NATS is unavailable, nor by a time in which CM itself did not run") {
  path_proof proof{{}, 1, {}};
  CHECK(proof.blocked(probed_at(0)).empty());
  proof.sent(probed_at(0));
  CHECK(look_until(proof, 250, 2500).empty());
  proof.suspend();
  CHECK(look_until(proof, 2750, 6000).empty());
  proof.sent(probed_at(6000));
  CHECK(proof.blocked(probed_at(20000)).empty()); // CM was stopped; the answer may be in the mailbox
  CHECK(look_until(proof, 20250, 23000).empty());
  CHECK_FALSE(look_until(proof, 23250, 23250).empty());
}

TEST_CASE("a decoder is blocked when it is at the same batch for longer than the patience") {
  const auto progress = std::make_shared<decoder_progress>();
  path_proof proof{{}, 0, {{"nats-ep-token", progress}}};
  CHECK(look_until(proof, 0, 10000).empty()); // without requests
  progress->begun = 1;
  CHECK(look_until(proof, 10250, 13000).empty());
  progress->done = 1;
  progress->begun = 2; // the next batch
  CHECK(look_until(proof, 13250, 16000).empty());
  CHECK(look_until(proof, 16250, 17000) == "the decoder of nats-ep-token is blocked");
  progress->done = 2;
  CHECK(look_until(proof, 17250, 30000).empty());
}

TEST_CASE("a test request has expired, whenever it is sent, and names the validator that it is for") {
  const auto bytes = encode_test_request(12);
  const auto request = messaging::decode<messaging::ecap::endpoint_token_validation_request>(bytes);
  REQUIRE(request.has_value());
  CHECK(core::is_expired(request->timestamp, request->timeout, core::now_ms()));
  CHECK(tested_validator(request->correlation_id) == std::size_t{12});
  for (const auto* other : {"", "12", "self-test-", "self-test-x", "self-test-1x", "self-test--1"})
    CHECK_FALSE(tested_validator(other).has_value());
}
