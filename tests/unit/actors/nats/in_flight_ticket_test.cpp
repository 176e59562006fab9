#include "actors/interfaces/nats.hpp"
#include "actors/nats/decoders.hpp"
#include "actors/nats/in_flight_ticket.hpp"
#include "actors/nats/pending_requests.hpp"
#include "actors/nats/reply_batch.hpp"
#include "actors/nats/reply_writer.hpp"
#include "allocation_faults.hpp"
#include "catch.hpp"
#include "core/credentials/change_origin.hpp"
#include "core/memory/byte_budget.hpp"

#include <nats/nats.h>

#include <cstdlib>
#include <functional>
#include <limits>
#include <memory>
#include <new>
#include <numeric>
#include <stdexcept>
#include <string>
#include <utility>
#include <variant>
#include <vector>

using namespace cm;
namespace ecap = messaging::ecap;

namespace {

constexpr auto never = std::numeric_limits<std::size_t>::max();

struct fault_state {
  std::size_t left = never; // allocations before the one that fails
  bool and_all_later = false;
  bool happened = false;
};

thread_local fault_state fault;

void* allocate(std::size_t bytes) {
  if (fault.left != never && (fault.left == 0 || --fault.left == 0)) {
    fault.happened = true;
    if (!fault.and_all_later)
      fault.left = never;
    throw std::bad_alloc();
  }
  if (void* memory = std::malloc(bytes == 0 ? 1 : bytes); memory != nullptr)
    return memory;
  throw std::bad_alloc();
}

} // namespace

namespace cm::test {

allocation_fault::allocation_fault(std::size_t first, bool and_all_later) noexcept {
  fault = {first + 1, and_all_later, false};
}

allocation_fault::~allocation_fault() {
  fault = {};
}

bool allocation_fault::happened() const noexcept {
  return fault.happened;
}

} // namespace cm::test

// The whole test program allocates here. All forms that one operator delete frees are replaced together: sanitizers
// have their own form of each.
void* operator new(std::size_t bytes) {
  return allocate(bytes);
}

void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  try {
    return allocate(bytes);
  } catch (const std::bad_alloc&) {
    return nullptr;
  }
}

void operator delete(void* memory) noexcept {
  std::free(memory);
}

void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

void operator delete(void* memory, const std::nothrow_t&) noexcept {
  std::free(memory);
}

namespace {

using token_requests = actors::pending_token_requests;
using token_request = ecap::endpoint_token_validation_request;

// A connection without a server, to a closed port: it accepts replies into its buffer.
std::shared_ptr<messaging::connection> link_to_nobody() {
  static const auto connection = [] {
    core::nats_settings settings;
    settings.urls = {"nats://127.0.0.1:1"};
    auto opened = messaging::connection::open(settings, {});
    REQUIRE(opened.has_value());
    return *std::move(opened);
  }();
  return connection;
}

messaging::message message_of(const std::string& bytes, const char* reply = "reply") {
  natsMsg* native = nullptr;
  REQUIRE(natsMsg_Create(&native, "subject", reply, bytes.data(), static_cast<int>(bytes.size())) == NATS_OK);
  return messaging::message(native);
}

std::string request_bytes() {
  token_request request;
  request.correlation_id = "a correlation ID that is too long for the small string of the C++ library";
  request.app_name = "app";
  request.token = "token";
  std::string bytes;
  messaging::encode(request, bytes);
  return bytes;
}

struct origin_fixture {
  explicit origin_fixture(std::size_t limit = 100)
    : limiter(std::make_shared<actors::in_flight_limiter>(limit, actors::ecap_protocol::ep_token, metrics)) {}

  // Replies that a destructor published, with this status.
  [[nodiscard]] std::uint64_t answered(int status) const {
    core::duration_counts counts;
    metrics->background.answered[0][core::status_index(status)].add_to(counts);
    return std::accumulate(counts.counts.begin(), counts.counts.end(), std::uint64_t{0});
  }

  [[nodiscard]] std::uint64_t answered() const { return answered(200) + answered(400) + answered(503); }

  [[nodiscard]] std::uint64_t lost() const { return metrics->background.lost.value(); }

  std::shared_ptr<token_requests> requests(std::size_t count) const {
    auto out = std::make_shared<token_requests>(origin);
    for (std::size_t i = 0; i < count; ++i) {
      auto ticket = origin->admit(message_of(request_bytes())).ticket;
      const auto decoded = messaging::decode<token_request>(ticket.message().payload());
      REQUIRE(decoded.has_value());
      out->add({std::move(ticket), *decoded, {}, core::steady_time{}});
    }
    return out;
  }

  std::shared_ptr<actors::nats_metrics> metrics = std::make_shared<actors::nats_metrics>();
  std::shared_ptr<actors::in_flight_limiter> limiter;
  actors::request_origin_ptr origin = actors::request_origin::make(link_to_nobody(), limiter);
};

// As an actor handles a batch: accepts every request. Throws before the request with that index.
void accept_all(token_requests& requests, std::size_t throw_before = never) {
  const auto replies = requests.make_replies();
  std::size_t index = 0;
  for (auto& request : requests.take()) {
    if (index++ == throw_before)
      throw std::runtime_error("injected fault");
    accept(std::move(request), core::uuid{}, "endpoint", *replies);
  }
}

// As an actor that an exception ends.
void handle(std::shared_ptr<token_requests> requests) {
  try {
    accept_all(*requests);
  } catch (const std::bad_alloc&) {
    requests.reset(); // with the actor's mailbox and state
  }
}

// A batch with a request, a message that cannot be decoded, one without a reply subject, and a second request.
messaging::message_batch mixed_batch() {
  messaging::message_batch batch;
  batch.push_back(message_of(request_bytes()));
  batch.push_back(message_of("x"));
  batch.push_back(message_of(request_bytes(), nullptr));
  batch.push_back(message_of(request_bytes()));
  return batch;
}

constexpr std::size_t replies_of_mixed_batch = 3;

actors::decoder_context context_for(const origin_fixture& f, std::function<void(const actors::delivery&)> forward) {
  static const auto keyer = std::make_shared<const core::token_keyer>();
  actors::decoder_context context;
  context.origin = f.origin;
  context.forward = std::move(forward);
  context.keyer = keyer;
  return context;
}

} // namespace

TEST_CASE("requests beyond the limit get a ticket too, and count until it is closed") {
  const origin_fixture f{2};
  auto first = f.origin->admit(message_of("1"));
  auto second = f.origin->admit(message_of("2"));
  auto third = f.origin->admit(message_of("3"));
  CHECK(first.within_limit);
  CHECK(second.within_limit);
  CHECK_FALSE(third.within_limit);
  CHECK(f.limiter->in_flight() == 3);
  third.ticket.close();
  CHECK_FALSE(third.ticket.is_open());
  auto fourth = f.origin->admit(message_of("4"));
  CHECK_FALSE(fourth.within_limit);
  first.ticket.close();
  second.ticket.close();
  fourth.ticket.close();
  CHECK(f.limiter->in_flight() == 0);
  CHECK(f.lost() == 0);
}

TEST_CASE("a limit of 0 admits no request") {
  const origin_fixture f{0};
  auto admitted = f.origin->admit(message_of("1"));
  CHECK_FALSE(admitted.within_limit);
  admitted.ticket.close();
}

TEST_CASE("a ticket that is moved is one slot, and an open one that is dropped is counted as a lost request") {
  const origin_fixture f;
  {
    auto admitted = f.origin->admit(message_of("1"));
    const auto moved = std::move(admitted.ticket);
    CHECK(f.limiter->in_flight() == 1);
    CHECK(moved.is_open());
  }
  CHECK(f.limiter->in_flight() == 0);
  CHECK(f.lost() == 1);
}

TEST_CASE("a handler that throws in the middle of a batch leaves no request without a reply") {
  const std::size_t throw_before = GENERATE(0U, 1U, 4U);
  const origin_fixture f;
  const auto requests = f.requests(5);
  CHECK(f.limiter->in_flight() == 5);
  CHECK_THROWS_AS(accept_all(*requests, throw_before), std::runtime_error);
  CHECK(f.answered(200) == throw_before);
  CHECK(f.answered(503) == 5 - throw_before);
  CHECK(f.limiter->in_flight() == 0);
  CHECK(f.lost() == 0);
}

TEST_CASE("an encoder that throws leaves the request with its owner, and the batch as it was") {
  const origin_fixture f;
  {
    const auto requests = f.requests(2);
    const auto replies = requests->make_replies();
    auto taken = requests->take();
    accept(std::move(taken[0]), core::uuid{}, "endpoint", *replies);
    CHECK_THROWS_AS(replies->add(std::move(taken[1].ticket), {200, {}},
                                 [](std::string& bytes) {
                                   bytes += "half of a reply";
                                   throw std::runtime_error("injected fault");
                                 }),
                    std::runtime_error);
    CHECK(taken[1].ticket.is_open());
    CHECK(replies->size() == 1);
    accept(std::move(taken[1]), core::uuid{}, "endpoint", *replies);
    CHECK(replies->answer(0) == replies->answer(1));
  }
  CHECK(f.answered(200) == 2);
  CHECK(f.limiter->in_flight() == 0);
}

TEST_CASE("whichever allocation fails while a batch is answered, each request gets exactly one reply") {
  bool more = true;
  for (std::size_t n = 0; more; ++n) {
    const origin_fixture f;
    auto requests = f.requests(5);
    {
      const test::allocation_fault failing(n);
      CHECK_NOTHROW(handle(std::move(requests)));
      more = failing.happened();
    }
    INFO("allocation " << n);
    CHECK(f.answered() == 5);
    CHECK(f.lost() == 0);
    CHECK(f.limiter->in_flight() == 0);
  }
}

TEST_CASE("whichever allocation fails while requests are decoded, each gets exactly one reply and nothing is thrown") {
  bool more = true;
  for (std::size_t n = 0; more; ++n) {
    const origin_fixture f;
    auto decode = actors::token_request_decoder(context_for(f, [](const actors::delivery& delivered) {
      accept_all(*std::get<actors::pending_token_requests_ptr>(delivered));
    }));
    auto batch = mixed_batch();
    {
      const test::allocation_fault failing(n);
      CHECK_NOTHROW(decode(std::move(batch)));
      more = failing.happened();
    }
    INFO("allocation " << n);
    CHECK(f.answered() == replies_of_mixed_batch);
    CHECK(f.lost() == 0);
    CHECK(f.limiter->in_flight() == 0);
  }
}

TEST_CASE("from whichever allocation on memory is exhausted, a request without a reply is counted, and leaves") {
  bool more = true;
  for (std::size_t n = 0; more; ++n) {
    const origin_fixture f;
    auto decode = actors::token_request_decoder(context_for(f, [](const actors::delivery& delivered) {
      accept_all(*std::get<actors::pending_token_requests_ptr>(delivered));
    }));
    auto batch = mixed_batch();
    {
      const test::allocation_fault failing(n, true);
      decode(std::move(batch));
      more = failing.happened();
    }
    INFO("allocation " << n);
    CHECK(f.answered() + f.lost() == replies_of_mixed_batch);
    CHECK(f.limiter->in_flight() == 0);
  }
}

TEST_CASE("requests that cannot be handed on are answered 503, and the decoder goes on with the next batch") {
  const origin_fixture f;
  bool broken = true;
  auto decode = actors::token_request_decoder(context_for(f, [&](const actors::delivery& delivered) {
    if (broken)
      throw std::runtime_error("injected fault");
    accept_all(*std::get<actors::pending_token_requests_ptr>(delivered));
  }));
  decode(mixed_batch());
  CHECK(f.answered(503) == 2);
  CHECK(f.answered(400) == 1);
  broken = false;
  decode(mixed_batch());
  CHECK(f.answered(503) == 2);
  CHECK(f.answered(200) == 2);
  CHECK(f.limiter->in_flight() == 0);
}

TEST_CASE("a request whose reply subject belongs to others is dropped and counted, also if a later one fails") {
  const bool broken = GENERATE(false, true);
  const origin_fixture f;
  auto decode = actors::token_request_decoder(context_for(f, [&](const actors::delivery& delivered) {
    if (broken)
      throw std::runtime_error("injected fault");
    accept_all(*std::get<actors::pending_token_requests_ptr>(delivered));
  }));
  messaging::message_batch batch;
  for (const char* reply : {"kaa.v1.events.cm.endpoint.token.revoked", "kaa.v1.service.cm.ecap.ep-token-request",
                            "$SYS.REQ.SERVER.PING", "foo.*", ">", "a..b"}) {
    batch.push_back(message_of(request_bytes(), reply));
    batch.push_back(message_of("x", reply));
  }
  batch.push_back(message_of(request_bytes(), "kaa.v1.replica.epr-1.ecap.response"));
  decode(std::move(batch));
  CHECK(f.metrics->background.without_reply[0].value() == 12);
  CHECK(f.answered() == 1);
  CHECK(f.answered(broken ? 503 : 200) == 1);
  CHECK(f.limiter->in_flight() == 0);
}

TEST_CASE("a request beyond the limit is answered 503 by the decoder") {
  const origin_fixture f{1};
  std::shared_ptr<token_requests> admitted;
  auto decode = actors::token_request_decoder(context_for(
    f, [&](const actors::delivery& delivered) { admitted = std::get<actors::pending_token_requests_ptr>(delivered); }));
  messaging::message_batch batch;
  batch.push_back(message_of(request_bytes()));
  batch.push_back(message_of(request_bytes()));
  decode(std::move(batch));
  REQUIRE(admitted);
  CHECK(admitted->peek().size() == 1);
  CHECK(f.answered(503) == 1);
  CHECK(f.limiter->in_flight() == 1);
}

TEST_CASE("after a batch of revocations was lost by an exception, the next one invalidates all tokens in memory") {
  const origin_fixture f;
  bool broken = true;
  std::vector<bool> everything;
  auto decode = actors::revoked_tokens_event_decoder(context_for(f, [&](const actors::delivery& delivered) {
    if (broken)
      throw std::runtime_error("injected fault");
    everything.push_back(std::get<actors::invalidated_tokens_ptr>(delivered)->everything);
  }));
  ecap::endpoint_token_revoked_event event;
  std::string bytes;
  messaging::encode(event, bytes);
  const auto batch = [&] {
    messaging::message_batch out;
    out.push_back(message_of(bytes, nullptr));
    return out;
  };
  CHECK_THROWS_AS(decode(batch()), std::runtime_error);
  broken = false;
  decode(batch());
  decode(batch());
  CHECK(everything == std::vector<bool>{true, false});
}

TEST_CASE("large requests hold bytes of the budget until their tickets are closed, and one beyond it is refused") {
  const origin_fixture f;
  const std::string payload(10'000, 'x');
  const auto budget = std::make_shared<core::byte_budget>(2 * actors::request_origin::cost_of(payload.size()));
  const auto origin = actors::request_origin::make(link_to_nobody(), f.limiter, {budget, nullptr, false});
  auto first = origin->admit(message_of(payload));
  auto second = origin->admit(message_of(payload));
  auto third = origin->admit(message_of(payload));
  auto small = origin->admit(message_of(std::string(actors::request_origin::large, 'x')));
  CHECK(first.within_limit);
  CHECK(second.within_limit);
  CHECK_FALSE(third.within_limit);
  CHECK(small.within_limit); // small ones are bounded by their number
  CHECK(budget->held() == budget->limit());
  CHECK(third.ticket.too_large());
  for (const auto* ticket : {&first.ticket, &second.ticket, &small.ticket})
    CHECK_FALSE(ticket->too_large());
  auto moved = std::move(first.ticket);
  moved.close();
  CHECK(origin->admit(message_of(payload)).within_limit); // the ticket is dropped at once, which returns the bytes too
  for (auto* ticket : {&second.ticket, &third.ticket, &small.ticket})
    ticket->close();
  CHECK(budget->held() == 0);
  CHECK(f.limiter->in_flight() == 0);
}

TEST_CASE("replies that nobody has published go to the late publisher, and are published even if it drops them") {
  const origin_fixture f;
  const auto late = std::make_shared<actors::late_publisher>();
  std::vector<actors::reply_batch_ptr> taken;
  late->store(std::make_shared<const std::function<void(actors::reply_batch_ptr)>>(
    [&taken](actors::reply_batch_ptr replies) { taken.push_back(std::move(replies)); }));
  const auto origin = actors::request_origin::make(link_to_nobody(), f.limiter, {nullptr, late, false});
  const auto drop_one = [&origin] {
    actors::pending_requests<token_request> dropped(origin);
    auto ticket = origin->admit(message_of(request_bytes())).ticket;
    const auto decoded = messaging::decode<token_request>(ticket.message().payload());
    REQUIRE(decoded.has_value());
    dropped.add({std::move(ticket), *decoded, {}, core::steady_time{}});
  };
  drop_one();
  REQUIRE(taken.size() == 1);
  CHECK(taken[0]->size() == 1);
  CHECK(f.answered() == 0);
  CHECK(f.limiter->in_flight() == 1);
  taken.clear(); // as an egress that ends
  CHECK(f.answered(503) == 1);
  CHECK(f.limiter->in_flight() == 0);
  late->store(nullptr);
  drop_one();
  CHECK(f.answered(503) == 2);
}

TEST_CASE("metrics do not count the replies to CM's own requests") {
  const origin_fixture f;
  const auto origin = actors::request_origin::make(link_to_nobody(), f.limiter, {nullptr, nullptr, true});
  {
    actors::pending_requests<token_request> own(origin);
    auto ticket = origin->admit(message_of(request_bytes())).ticket;
    const auto decoded = messaging::decode<token_request>(ticket.message().payload());
    REQUIRE(decoded.has_value());
    own.add({std::move(ticket), *decoded, {}, core::steady_time{}});
  }
  CHECK(f.answered() == 0);
  CHECK(f.limiter->in_flight() == 0);
}

TEST_CASE(
  "a large request for which there is no memory is refused with a short correlation ID, without being decoded") {
  const origin_fixture f;
  const std::string id(5'000, 'i');
  token_request request;
  request.correlation_id = id;
  std::string bytes;
  messaging::encode(request, bytes);
  const auto budget = std::make_shared<core::byte_budget>(0);
  const auto origin = actors::request_origin::make(link_to_nobody(), f.limiter, {budget, nullptr, false});
  auto admitted = origin->admit(message_of(bytes));
  REQUIRE_FALSE(admitted.within_limit);
  actors::reply_batch refused(origin);
  actors::refuse_unread<token_request>(std::move(admitted.ticket), {}, refused);
  const auto answer = messaging::decode<ecap::endpoint_token_validation_response>(refused.answer(0));
  REQUIRE(answer.has_value());
  CHECK(answer->status_code == 503);
  CHECK(answer->correlation_id == id.substr(0, core::max_kept_correlation_id));
}
