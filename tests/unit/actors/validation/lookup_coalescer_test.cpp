#include "actors/nats/pending_requests.hpp"
#include "actors/validation/lookup_coalescer.hpp"
#include "catch.hpp"
#include "core/base/time.hpp"

#include <nats/nats.h>

#include <string>

using namespace cm;
using namespace std::chrono_literals;
using actors::gap_free_interval;
using actors::lookup_coalescer;

namespace {

namespace ecap = messaging::ecap;

constexpr gap_free_interval all{3};
constexpr gap_free_interval nothing{};

const core::token_keyer& keyer() {
  static const core::token_keyer made;
  return made;
}

// To a port where nobody listens: answers wait in its buffer, and nobody looks at them there.
std::shared_ptr<messaging::connection> some_connection() {
  static const auto made = [] {
    core::nats_settings settings;
    settings.urls = {"nats://127.0.0.1:1"};
    auto opened = messaging::connection::open(settings, {});
    REQUIRE(opened.has_value());
    return *std::move(opened);
  }();
  return made;
}

storage::found_token token(std::uint8_t number, core::credential_status status = core::credential_status::active) {
  storage::found_token made;
  made.id.bytes[0] = 7;
  made.id.bytes[15] = number;
  made.endpoint_id = "endpoint-" + std::to_string(number);
  made.status = status;
  return made;
}

struct coalescer_fixture {
  explicit coalescer_fixture(bool trustful = false) : coalescer(settings(trustful)) {}

  static actors::lookup_coalescer_settings settings(bool trustful) {
    actors::lookup_coalescer_settings made;
    made.applications = actors::configured_applications({{"app", {}}});
    made.trustful = trustful;
    made.cache = {1U << 20U, 10s};
    return made;
  }

  // Requests for these tokens, as the decoder makes them.
  actors::pending_token_requests_ptr calls(const std::vector<std::string>& tokens,
                                           const std::string& application = "app", std::int64_t timeout = 0) {
    auto made = std::make_shared<actors::pending_token_requests>(some_connection(), limiter);
    for (const auto& text : tokens) {
      static_cast<void>(limiter->enter());
      ecap::endpoint_token_validation_request request;
      request.correlation_id = "c";
      request.timestamp = core::to_unix_ms(core::now_ms()) - 1000;
      request.timeout = timeout;
      request.app_name = application;
      request.token = text;
      std::string bytes;
      messaging::encode(request, bytes);
      natsMsg* native = nullptr;
      REQUIRE(natsMsg_Create(&native, "subject", "reply", bytes.data(), static_cast<int>(bytes.size())) == NATS_OK);
      messaging::message message(native);
      const auto decoded = messaging::decode<ecap::endpoint_token_validation_request>(message.payload());
      REQUIRE(decoded.has_value());
      made->add({std::move(message), *decoded, keyer()(decoded->app_name, decoded->token)});
    }
    return made;
  }

  std::optional<lookup_coalescer::batch_lookup> take(const actors::pending_token_requests_ptr& what,
                                                     gap_free_interval interval = all) {
    done = {};
    return coalescer.take(what, interval, now, done);
  }

  static std::vector<int> codes(const lookup_coalescer::outcome& of) {
    std::vector<int> out;
    for (std::size_t i = 0; of.replies && i < of.replies->size(); ++i) {
      const auto answer = messaging::decode<ecap::endpoint_token_validation_response>(of.replies->answer(i));
      REQUIRE(answer.has_value());
      CHECK(answer->endpoint_id.has_value() == (answer->status_code == 200));
      out.push_back(answer->status_code);
    }
    return out;
  }

  static std::string endpoint(const lookup_coalescer::outcome& of, std::size_t index = 0) {
    const auto answer = messaging::decode<ecap::endpoint_token_validation_response>(of.replies->answer(index));
    return std::string(answer->endpoint_id.value_or(""));
  }

  // Asks for one token and lets the database answer.
  std::vector<int> ask(const std::string& text, const std::optional<storage::found_token>& answer) {
    const auto batch_lookup = take(calls({text}));
    REQUIRE(batch_lookup.has_value());
    return codes(coalescer.found(batch_lookup->number, {answer}));
  }

  std::shared_ptr<actors::in_flight_limiter> limiter = std::make_shared<actors::in_flight_limiter>(4096);
  lookup_coalescer coalescer;
  core::steady_time now{1h};
  lookup_coalescer::outcome done;
};

using codes = std::vector<int>;

} // namespace

TEST_CASE("a token that the database knows is answered from memory the next time") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  CHECK_FALSE(f.take(f.calls({"one", "one"})).has_value());
  CHECK(f.codes(f.done) == codes{200, 200});
  CHECK(f.endpoint(f.done) == "endpoint-1");
}

TEST_CASE("a large batch: each request gets the answer about its own token, from memory or from the database") {
  const std::size_t size = GENERATE(1U, 4U, 7U, 8U, 9U, 12U, 100U); // around how far the cache is fetched ahead
  coalescer_fixture f;
  std::vector<std::string> texts;
  for (std::size_t i = 0; i < size; ++i) {
    texts.push_back("token-" + std::to_string(i));
    if (i % 3 == 0)
      REQUIRE(f.ask(texts[i], token(static_cast<std::uint8_t>(i))) == codes{200});
  }
  const auto batch_lookup = f.take(f.calls(texts));
  REQUIRE(f.codes(f.done) == codes((size + 2) / 3, 200));
  for (std::size_t i = 0; i < size; i += 3)
    CHECK(f.endpoint(f.done, i / 3) == "endpoint-" + std::to_string(i));
  if (!batch_lookup)
    return;
  std::vector<std::optional<storage::found_token>> tokens;
  for (std::size_t i = 0; i < size; ++i) {
    if (i % 3 != 0)
      tokens.emplace_back(token(static_cast<std::uint8_t>(i)));
  }
  const auto found = f.coalescer.found(batch_lookup->number, tokens);
  REQUIRE(f.codes(found) == codes(tokens.size(), 200));
  for (std::size_t i = 0; i < tokens.size(); ++i)
    CHECK(f.endpoint(found, i) == tokens[i]->endpoint_id);
  CHECK_FALSE(f.take(f.calls(texts)).has_value());
  CHECK(f.codes(f.done) == codes(size, 200));
}

TEST_CASE("what is unknown, suspended or revoked is asked for each time") {
  coalescer_fixture f;
  CHECK(f.ask("one", std::nullopt) == codes{404});
  CHECK(f.ask("one", token(1, core::credential_status::suspended)) == codes{403});
  CHECK(f.ask("one", token(1, core::credential_status::revoked)) == codes{403});
  CHECK(f.ask("one", token(1)) == codes{200});
}

TEST_CASE("while revocations are not heard nothing is answered from memory, and nothing kept") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  const auto batch_lookup = f.take(f.calls({"one"}), nothing);
  REQUIRE(batch_lookup.has_value());
  CHECK(f.codes(f.coalescer.found(batch_lookup->number, {token(1)})) == codes{200});
  CHECK(f.coalescer.cache().size() == 0);
  CHECK(f.take(f.calls({"one"}), gap_free_interval{5}).has_value());
}

TEST_CASE("another stretch of hearing begins with an empty memory, and what is on its way is not kept") {
  coalescer_fixture f;
  const auto batch_lookup = f.take(f.calls({"one"}), gap_free_interval{3});
  REQUIRE(batch_lookup.has_value());
  CHECK_FALSE(f.take(f.calls({"two"}), gap_free_interval{5})->lookup->hashes.empty());
  CHECK(f.codes(f.coalescer.found(batch_lookup->number, {token(1)})) == codes{200});
  CHECK(f.coalescer.cache().size() == 0);
}

TEST_CASE("equal requests share one question, those of one batch and those that come while it is out") {
  coalescer_fixture f;
  const auto batch_lookup = f.take(f.calls({"one", "two", "one"}));
  REQUIRE(batch_lookup.has_value());
  CHECK(batch_lookup->lookup->hashes.size() == 2);
  CHECK_FALSE(f.take(f.calls({"two"})).has_value());
  const auto answered = f.coalescer.found(batch_lookup->number, {token(1), std::nullopt});
  CHECK(f.codes(answered) == codes{200, 404, 200, 404});
}

TEST_CASE("a request that comes after a revocation does not join a question that left before it") {
  coalescer_fixture f;
  const auto first = f.take(f.calls({"one"}));
  REQUIRE(first.has_value());
  f.coalescer.invalidate({token(1).id});
  const auto second = f.take(f.calls({"one"}));
  REQUIRE(second.has_value());
  CHECK(f.codes(f.coalescer.found(first->number, {token(1)})) == codes{200});
  CHECK(f.take(f.calls({"one"})).has_value() == false); // it joins the second
  CHECK(f.codes(f.coalescer.found(second->number, {token(1, core::credential_status::revoked)})) == codes{403, 403});
}

TEST_CASE("a revoked token is not answered from memory") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  f.coalescer.invalidate({token(1).id});
  CHECK(f.ask("one", token(1, core::credential_status::revoked)) == codes{403});
}

TEST_CASE("requests of another door do not join the questions of the first") {
  coalescer_fixture f;
  const auto first = f.take(f.calls({"one"}));
  const auto old_limiter = std::exchange(f.limiter, std::make_shared<actors::in_flight_limiter>(4096));
  const auto second = f.take(f.calls({"one"}));
  REQUIRE(second.has_value());
  CHECK(f.codes(f.coalescer.found(first->number, {token(1)})) == codes{200});
  CHECK(f.codes(f.coalescer.found(second->number, {token(1)})) == codes{200});
  CHECK(old_limiter->in_flight() == 0);
  CHECK(f.limiter->in_flight() == 0);
}

TEST_CASE("a token in use is read again before it is too old, without anybody waiting") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  f.now += 9s;
  const auto batch_lookup = f.take(f.calls({"one"}));
  REQUIRE(batch_lookup.has_value());
  CHECK(batch_lookup->lookup->hashes.size() == 1);
  CHECK(f.codes(f.done) == codes{200});
  CHECK_FALSE(f.take(f.calls({"one"})).has_value());
  const auto answered = f.coalescer.found(batch_lookup->number, {token(1)});
  CHECK(f.codes(answered).empty());
  f.now += 5s;
  CHECK_FALSE(f.take(f.calls({"one"})).has_value());
  CHECK(f.codes(f.done) == codes{200});
}

TEST_CASE("a failure of the database is 503 for whoever waits, and memory goes on answering") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  const auto batch_lookup = f.take(f.calls({"two", "two"}));
  CHECK(f.codes(f.coalescer.failed(batch_lookup->number, core::errc::not_found)) == codes{503, 503});
  CHECK_FALSE(f.take(f.calls({"one"})).has_value());
  CHECK(f.codes(f.done) == codes{200});
  const auto again = f.take(f.calls({"two"}));
  REQUIRE(again.has_value());
  CHECK(f.codes(f.coalescer.found(again->number, {})) == codes{500});
}

TEST_CASE("each first use is noted once a question, with the correlation ID of a request") {
  coalescer_fixture f;
  const auto batch_lookup = f.take(f.calls({"one", "one", "two"}));
  const auto inactive = core::credential_status::inactive;
  const auto answered = f.coalescer.found(batch_lookup->number, {token(1, inactive), token(2)});
  CHECK(f.codes(answered) == codes{200, 200, 200});
  REQUIRE(answered.first_uses.size() == 1);
  CHECK(answered.first_uses[0].id == token(1).id);
  CHECK(answered.first_uses[0].correlation_id == "c");

  SECTION("and again where it is still not written when the token is read again") {
    f.now += 9s;
    const auto refresh = f.take(f.calls({"one"}));
    REQUIRE(refresh.has_value());
    CHECK(f.coalescer.found(refresh->number, {token(1, inactive)}).first_uses.size() == 1);
  }
}

TEST_CASE("what needs no look-up is answered at once: past its time, impossible, of no known application") {
  coalescer_fixture f;
  CHECK_FALSE(f.take(f.calls({"one"}, "app", 10)).has_value());
  CHECK(f.codes(f.done) == codes{408});
  CHECK_FALSE(f.take(f.calls({"", "a/b"})).has_value());
  CHECK(f.codes(f.done) == codes{400, 400});
  CHECK_FALSE(f.take(f.calls({"one"}, "other")).has_value());
  CHECK(f.codes(f.done) == codes{404});
}

TEST_CASE("a token in memory is past its time, too") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  CHECK_FALSE(f.take(f.calls({"one"}, "app", 10)).has_value());
  CHECK(f.codes(f.done) == codes{408});
}

TEST_CASE("an application that is gone takes what is in memory with it") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  f.coalescer.applications(actors::configured_applications({{"other", {}}}));
  CHECK_FALSE(f.take(f.calls({"one"})).has_value());
  CHECK(f.codes(f.done) == codes{404});
}

TEST_CASE("trustful: an unknown token is accepted for itself and not kept; a revoked one stays refused") {
  coalescer_fixture f(true);
  CHECK(f.ask("endpoint", std::nullopt) == codes{200});
  CHECK(f.coalescer.cache().size() == 0);
  CHECK(f.ask("endpoint", token(1, core::credential_status::revoked)) == codes{403});
}

TEST_CASE("requests that wait for a desk that goes down are answered") {
  const auto limiter = std::make_shared<actors::in_flight_limiter>(4096);
  {
    coalescer_fixture f;
    f.limiter = limiter;
    REQUIRE(f.take(f.calls({"one", "two"})).has_value());
    CHECK(limiter->in_flight() == 2);
  }
  CHECK(limiter->in_flight() == 0);
}
