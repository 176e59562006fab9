#include "actors/nats/pending_requests.hpp"
#include "actors/validation/lookup_coalescer.hpp"
#include "allocation_faults.hpp"
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

constexpr gap_free_interval open_interval{3};
constexpr gap_free_interval no_interval{};

const core::token_keyer& keyer() {
  static const core::token_keyer instance;
  return instance;
}

// A connection without a server, to a closed port: replies stay in its buffer, and the tests do not read them there.
std::shared_ptr<messaging::connection> unconnected() {
  static const auto connection = [] {
    core::nats_settings settings;
    settings.urls = {"nats://127.0.0.1:1"};
    auto opened = messaging::connection::open(settings, {});
    REQUIRE(opened.has_value());
    return *std::move(opened);
  }();
  return connection;
}

storage::found_token token(std::uint8_t number, core::credential_status status = core::credential_status::active) {
  storage::found_token out;
  out.id.bytes[0] = 7;
  out.id.bytes[15] = number;
  out.endpoint_id = "endpoint-" + std::to_string(number);
  out.status = status;
  return out;
}

struct coalescer_fixture {
  explicit coalescer_fixture(bool trustful = false) : coalescer(settings(trustful)) {}

  static actors::lookup_coalescer_settings settings(bool trustful) {
    actors::lookup_coalescer_settings out;
    out.applications = actors::configured_applications({{"app", {}}});
    out.trustful = trustful;
    out.cache = {1U << 20U, 10s};
    return out;
  }

  // Requests for these tokens, as the decoder creates them.
  actors::pending_token_requests_ptr calls(const std::vector<std::string>& tokens,
                                           const std::string& application = "app", std::int64_t timeout = 0) {
    auto requests = std::make_shared<actors::pending_token_requests>(origin);
    for (const auto& text : tokens) {
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
      auto admitted = origin->admit(messaging::message(native));
      const auto payload = admitted.ticket.message().payload();
      const auto decoded = messaging::decode<ecap::endpoint_token_validation_request>(payload);
      REQUIRE(decoded.has_value());
      requests->add({std::move(admitted.ticket), *decoded, keyer()(decoded->app_name, decoded->token), arrived});
    }
    return requests;
  }

  std::optional<lookup_coalescer::batch_lookup> take(const actors::pending_token_requests_ptr& requests,
                                                     gap_free_interval interval = open_interval) {
    done = {};
    return coalescer.take(requests, interval, now, done);
  }

  static std::vector<int> codes(const lookup_coalescer::outcome& outcome) {
    std::vector<int> out;
    for (std::size_t i = 0; outcome.replies && i < outcome.replies->size(); ++i) {
      const auto answer = messaging::decode<ecap::endpoint_token_validation_response>(outcome.replies->answer(i));
      REQUIRE(answer.has_value());
      CHECK(answer->endpoint_id.has_value() == (answer->status_code == 200));
      out.push_back(answer->status_code);
    }
    return out;
  }

  static std::string endpoint(const lookup_coalescer::outcome& outcome, std::size_t index = 0) {
    const auto answer = messaging::decode<ecap::endpoint_token_validation_response>(outcome.replies->answer(index));
    return std::string(answer->endpoint_id.value_or(""));
  }

  // Requests one token, and completes its look-up with `answer`.
  std::vector<int> ask(const std::string& text, const std::optional<storage::found_token>& answer) {
    const auto batch_lookup = take(calls({text}));
    REQUIRE(batch_lookup.has_value());
    return codes(coalescer.found(batch_lookup->number, {answer}));
  }

  std::shared_ptr<actors::in_flight_limiter> limiter = std::make_shared<actors::in_flight_limiter>(4096);
  actors::request_origin_ptr origin = actors::request_origin::make(unconnected(), limiter);
  lookup_coalescer coalescer;
  core::steady_time now{1h};
  core::steady_time arrived{}; ///< of the requests
  lookup_coalescer::outcome done;
};

using codes = std::vector<int>;

} // namespace

TEST_CASE("the next request for a valid token is answered from memory") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  CHECK_FALSE(f.take(f.calls({"one", "one"})).has_value());
  CHECK(f.codes(f.done) == codes{200, 200});
  CHECK(f.endpoint(f.done) == "endpoint-1");
}

TEST_CASE("in a large batch each request gets the reply for its own token, from memory or from the database") {
  const std::size_t size = GENERATE(1U, 4U, 7U, 8U, 9U, 12U, 100U); // around the prefetch distance of the cache
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

TEST_CASE("tokens that are unknown, suspended or revoked are looked up each time") {
  coalescer_fixture f;
  CHECK(f.ask("one", std::nullopt) == codes{404});
  CHECK(f.ask("one", token(1, core::credential_status::suspended)) == codes{403});
  CHECK(f.ask("one", token(1, core::credential_status::revoked)) == codes{403});
  CHECK(f.ask("one", token(1)) == codes{200});
}

TEST_CASE("without a gap-free interval nothing is answered from memory, and nothing is cached") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  const auto batch_lookup = f.take(f.calls({"one"}), no_interval);
  REQUIRE(batch_lookup.has_value());
  CHECK(f.codes(f.coalescer.found(batch_lookup->number, {token(1)})) == codes{200});
  CHECK(f.coalescer.cache().size() == 0);
  CHECK(f.take(f.calls({"one"}), gap_free_interval{5}).has_value());
}

TEST_CASE("a new gap-free interval begins with an empty cache, and results of earlier look-ups are not cached") {
  coalescer_fixture f;
  const auto batch_lookup = f.take(f.calls({"one"}), gap_free_interval{3});
  REQUIRE(batch_lookup.has_value());
  CHECK_FALSE(f.take(f.calls({"two"}), gap_free_interval{5})->lookup->hashes.empty());
  CHECK(f.codes(f.coalescer.found(batch_lookup->number, {token(1)})) == codes{200});
  CHECK(f.coalescer.cache().size() == 0);
}

TEST_CASE("requests for the same token share a look-up, within a batch and while the look-up is under way") {
  coalescer_fixture f;
  const auto batch_lookup = f.take(f.calls({"one", "two", "one"}));
  REQUIRE(batch_lookup.has_value());
  CHECK(batch_lookup->lookup->hashes.size() == 2);
  CHECK_FALSE(f.take(f.calls({"two"})).has_value());
  const auto answered = f.coalescer.found(batch_lookup->number, {token(1), std::nullopt});
  CHECK(f.codes(answered) == codes{200, 404, 200, 404});
}

TEST_CASE("a request after a revocation does not join a look-up that started before it") {
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

TEST_CASE("requests of another origin do not join the look-ups of the first") {
  coalescer_fixture f;
  const auto first = f.take(f.calls({"one"}));
  const auto old_limiter = std::exchange(f.limiter, std::make_shared<actors::in_flight_limiter>(4096));
  f.origin = actors::request_origin::make(unconnected(), f.limiter);
  const auto second = f.take(f.calls({"one"}));
  REQUIRE(second.has_value());
  CHECK(f.codes(f.coalescer.found(first->number, {token(1)})) == codes{200});
  CHECK(f.codes(f.coalescer.found(second->number, {token(1)})) == codes{200});
  CHECK(old_limiter->in_flight() == 0);
  CHECK(f.limiter->in_flight() == 0);
}

TEST_CASE("the cache entry of a token in use is refreshed before it expires, while requests are answered from it") {
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

TEST_CASE("a failed look-up is 503 for its requests, and other tokens are still answered from memory") {
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

TEST_CASE("each first use is recorded once per look-up, with the correlation ID of a request") {
  coalescer_fixture f;
  const auto batch_lookup = f.take(f.calls({"one", "one", "two"}));
  const auto inactive = core::credential_status::inactive;
  const auto answered = f.coalescer.found(batch_lookup->number, {token(1, inactive), token(2)});
  CHECK(f.codes(answered) == codes{200, 200, 200});
  REQUIRE(answered.first_uses.size() == 1);
  CHECK(answered.first_uses[0].id == token(1).id);
  CHECK(answered.first_uses[0].correlation_id == "c");

  SECTION("and again by a refresh, if it is not written by then") {
    f.now += 9s;
    const auto refresh = f.take(f.calls({"one"}));
    REQUIRE(refresh.has_value());
    CHECK(f.coalescer.found(refresh->number, {token(1, inactive)}).first_uses.size() == 1);
  }
}

TEST_CASE("requests that need no look-up are refused at once: expired, malformed, of an unknown application") {
  coalescer_fixture f;
  CHECK_FALSE(f.take(f.calls({"one"}, "app", 10)).has_value());
  CHECK(f.codes(f.done) == codes{408});
  CHECK_FALSE(f.take(f.calls({"", "a/b"})).has_value());
  CHECK(f.codes(f.done) == codes{400, 400});
  CHECK_FALSE(f.take(f.calls({"one"}, "other")).has_value());
  CHECK(f.codes(f.done) == codes{404});
}

TEST_CASE("an expired request is 408 even if its token is in memory") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  CHECK_FALSE(f.take(f.calls({"one"}, "app", 10)).has_value());
  CHECK(f.codes(f.done) == codes{408});
}

TEST_CASE("a reading of the applications without changes leaves all tokens in memory") {
  coalescer_fixture f;
  CHECK(f.ask("one", token(1)) == codes{200});
  f.coalescer.applications(actors::configured_applications({{"app", {}}}));
  f.coalescer.applications(actors::configured_applications({{"app", {"another-version"}}, {"added", {}}}));
  CHECK_FALSE(f.take(f.calls({"one"})).has_value());
  CHECK(f.codes(f.done) == codes{200});
  CHECK(f.done.hits == 1);
}

TEST_CASE("only the tokens of an application that is no longer known leave memory") {
  coalescer_fixture f;
  f.coalescer.applications(actors::configured_applications({{"app", {}}, {"lamp", {}}}));
  CHECK(f.ask("one", token(1)) == codes{200});
  const auto look_up = f.take(f.calls({"two"}, "lamp"));
  REQUIRE(look_up.has_value());
  CHECK(f.codes(f.coalescer.found(look_up->number, {token(2)})) == codes{200});
  const auto under_way = f.take(f.calls({"three"}, "lamp"));
  REQUIRE(under_way.has_value());

  f.coalescer.applications(actors::configured_applications({{"app", {}}}));
  CHECK(f.codes(f.coalescer.found(under_way->number, {token(3)})) == codes{200}); // it was asked before
  CHECK_FALSE(f.take(f.calls({"two", "three"}, "lamp")).has_value());
  CHECK(f.codes(f.done) == codes{404, 404});
  CHECK_FALSE(f.take(f.calls({"one"})).has_value());
  CHECK(f.codes(f.done) == codes{200});

  f.coalescer.applications(actors::configured_applications({{"app", {}}, {"lamp", {}}}));
  CHECK(f.take(f.calls({"two"}, "lamp")).has_value()); // read again
}

TEST_CASE("where every application was accepted, the first reading empties the memory") {
  coalescer_fixture f;
  f.coalescer.applications(actors::configured_applications({}));
  CHECK(f.ask("one", token(1)) == codes{200});
  f.coalescer.applications(actors::configured_applications({{"other", {}}}));
  CHECK_FALSE(f.take(f.calls({"one"})).has_value());
  CHECK(f.codes(f.done) == codes{404});
}

TEST_CASE("trustful mode accepts an unknown token and does not cache it; a revoked one is still refused") {
  coalescer_fixture f(true);
  CHECK(f.ask("endpoint", std::nullopt) == codes{200});
  CHECK(f.coalescer.cache().size() == 0);
  CHECK(f.ask("endpoint", token(1, core::credential_status::revoked)) == codes{403});
}

TEST_CASE("a request whose own timeout ends is refused then, while others wait on for the same look-up") {
  coalescer_fixture f;
  f.arrived = f.now;
  const auto requests = f.calls({"one", "two"});                // without a timeout of their own
  for (auto& impatient : f.calls({"one"}, "app", 1300)->take()) // created a second ago
    requests->add(std::move(impatient));
  const auto wall = core::now_ms();
  const auto lookup = f.take(requests);
  REQUIRE(lookup.has_value());
  REQUIRE(lookup->lookup->hashes.size() == 2);
  REQUIRE(f.coalescer.earliest_timeout().has_value());
  const auto due = *f.coalescer.earliest_timeout() - f.now;
  CHECK(due > 200ms);
  CHECK(due <= 300ms);

  CHECK(f.coalescer.refuse_overdue({f.now + 100ms, wall + 100ms}).empty());
  CHECK(f.coalescer.earliest_timeout().has_value());
  const auto refused = f.coalescer.refuse_overdue({f.now + 310ms, wall + 310ms});
  REQUIRE(refused.size() == 1);
  CHECK(coalescer_fixture::codes(refused[0]) == std::vector<int>{503});
  CHECK_FALSE(f.coalescer.earliest_timeout().has_value());
  CHECK(coalescer_fixture::codes(f.coalescer.found(lookup->number, {token(1), std::nullopt}))
        == std::vector<int>{200, 404});
}

TEST_CASE("a timeout that CM's own bound precedes is not watched") {
  coalescer_fixture f;
  f.arrived = f.now;
  REQUIRE(f.take(f.calls({"one"}, "app", 60'000)).has_value());
  CHECK_FALSE(f.coalescer.earliest_timeout().has_value());
}

TEST_CASE("the destruction of the coalescer replies to its waiting requests") {
  const auto limiter = std::make_shared<actors::in_flight_limiter>(4096);
  {
    coalescer_fixture f;
    f.origin = actors::request_origin::make(unconnected(), limiter);
    REQUIRE(f.take(f.calls({"one", "two"})).has_value());
    CHECK(limiter->in_flight() == 2);
  }
  CHECK(limiter->in_flight() == 0);
}

TEST_CASE("whichever allocation fails in the coalescer, no request keeps its slot or is lost") {
  const auto metrics = std::make_shared<actors::nats_metrics>();
  const auto limiter = std::make_shared<actors::in_flight_limiter>(4096, actors::ecap_protocol::ep_token, metrics);
  bool more = true;
  for (std::size_t n = 0; more; ++n) {
    auto f = std::make_unique<coalescer_fixture>();
    f->origin = actors::request_origin::make(unconnected(), limiter);
    auto first = f->calls({"one", "two", "one"});
    auto second = f->calls({"two", "three"});
    {
      const test::allocation_fault failing(n);
      try {
        const auto lookup = f->take(first);
        static_cast<void>(f->coalescer.take(second, open_interval, f->now, f->done));
        static_cast<void>(f->coalescer.found(lookup.value().number, {token(1), std::nullopt}));
      } catch (const std::bad_alloc&) {
        f.reset(); // the exception ends the actor that has the coalescer
      }
      more = failing.happened();
    }
    f.reset();
    first.reset();
    second.reset();
    INFO("allocation " << n);
    CHECK(limiter->in_flight() == 0);
    CHECK(metrics->background.lost.value() == 0);
  }
}
