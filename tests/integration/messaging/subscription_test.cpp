#include "catch.hpp"
#include "events.hpp"
#include "messaging/nats/connection.hpp"
#include "messaging/nats/subscription.hpp"
#include "nats_server.hpp"

#include <algorithm>
#include <atomic>
#include <future>
#include <latch>
#include <stdexcept>
#include <thread>

using namespace cm;
using namespace std::chrono_literals;
using messaging::connection;
using messaging::subscription;
using test::events;

namespace {

std::shared_ptr<connection> connected(const test::nats_server& server, const std::shared_ptr<events>& events) {
  auto out = connection::open(server.settings(), events->handlers());
  REQUIRE(out.has_value());
  REQUIRE((*out)->status() == messaging::connection_status::connected);
  return *out;
}

std::vector<std::string> numbers(int count) {
  std::vector<std::string> out;
  out.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i)
    out.push_back(std::to_string(i));
  return out;
}

void publish_all(const std::shared_ptr<connection>& on, const char* subject, const std::vector<std::string>& payloads) {
  for (const auto& payload : payloads)
    REQUIRE(on->publish(subject, payload) == core::errc::none);
  REQUIRE(on->flush_buffer() == core::errc::none);
}

messaging::subscription_options wide() {
  messaging::subscription_options out;
  out.pending_messages = 1'000'000;
  return out;
}

/// A sink that blocks in its first batch until the gate opens, and reports that it does.
messaging::batch_sink gated(const std::shared_ptr<std::latch>& gate, const std::shared_ptr<events>& log) {
  return [gate, log, sink = log->sink()](messaging::message_batch batch) {
    log->change([](test::seen& s) { s.at_gate = true; });
    gate->wait();
    sink(std::move(batch));
  };
}

} // namespace

TEST_CASE("a burst arrives completely, in order and in batches") {
  const test::nats_server server;
  const auto publisher = connected(server, events::make());
  const auto link = connected(server, events::make());
  const auto log = events::make();
  auto sub = subscription::open(link, "burst", wide(), log->sink());
  REQUIRE(sub.has_value());
  REQUIRE(link->round_trip(5s).has_value());
  const auto expected = numbers(100'000);
  publish_all(publisher, "burst", expected);
  REQUIRE(log->wait([&](const test::seen& s) { return s.payloads.size() == expected.size(); }));
  const auto seen = log->now();
  CHECK(seen.payloads == expected);
  CHECK(std::ranges::max(seen.batches) > 1);
  CHECK(std::ranges::max(seen.batches) <= messaging::max_batch);
  CHECK(seen.batches.size() < expected.size() / 2);
  CHECK((*sub)->dropped() == 0);
}

TEST_CASE("no message is held back in a batch that is not full, for any timing") {
  const test::nats_server server;
  const auto publisher = connected(server, events::make());
  const auto link = connected(server, events::make());
  const auto log = events::make();
  auto sub = subscription::open(link, "rhythm", wide(), log->sink());
  REQUIRE(sub.has_value());
  REQUIRE(link->round_trip(5s).has_value());
  // Each round waits for its last message: a message that is held back causes a timeout.
  std::size_t sent = 0;
  for (std::size_t round = 0; round < 3000; ++round) {
    const std::size_t burst = 1 + (round * 7919) % 97;
    for (std::size_t i = 0; i < burst; ++i)
      REQUIRE(publisher->publish("rhythm", std::to_string(sent++)) == core::errc::none);
    REQUIRE(publisher->flush_buffer() == core::errc::none);
    REQUIRE(log->wait([&](const test::seen& s) { return s.payloads.size() == sent; }, 20s));
  }
}

TEST_CASE("a slow sink can see that more than half of a pending limit is used") {
  const test::nats_server server;
  const auto publisher = connected(server, events::make());
  const auto link = connected(server, events::make());
  auto options = wide();
  options.pending_messages = 1'000;
  options.level = std::make_shared<messaging::pending_level>();
  const auto level = options.level;
  const auto arrived = std::make_shared<std::latch>(1);
  const auto seen = std::make_shared<std::promise<std::vector<bool>>>();
  const auto asked = std::make_shared<std::atomic<bool>>(false);
  auto sub = subscription::open(link, "slow", options, [=](const messaging::message_batch&) {
    if (asked->exchange(true))
      return;
    const bool before = level->over_half();
    arrived->count_down();
    bool after = false;
    for (int i = 0; i < 10'000 && !after; ++i) {
      after = level->over_half();
      std::this_thread::sleep_for(1ms);
    }
    seen->set_value({before, after});
  });
  REQUIRE(sub.has_value());
  REQUIRE(link->round_trip(5s).has_value());
  publish_all(publisher, "slow", numbers(1));
  arrived->wait();
  publish_all(publisher, "slow", numbers(800));
  CHECK(seen->get_future().get() == std::vector<bool>{false, true});
  CHECK((*sub)->dropped() == 0);
}

TEST_CASE("drain delivers all received messages and completes after the last one") {
  const test::nats_server server;
  const auto publisher = connected(server, events::make());
  const auto link = connected(server, events::make());
  const auto log = events::make();
  const auto gate = std::make_shared<std::latch>(1);
  auto sub = subscription::open(link, "d", wide(), gated(gate, log), log->completion());
  REQUIRE(sub.has_value());
  REQUIRE(link->round_trip(5s).has_value());
  const auto expected = numbers(20'000);
  publish_all(publisher, "d", expected);
  REQUIRE(publisher->round_trip(5s).has_value());
  REQUIRE(link->round_trip(20s).has_value()); // all messages were received and wait for the gate
  REQUIRE((*sub)->drain(30s).has_value());
  gate->count_down();
  REQUIRE(log->wait([](const test::seen& s) { return s.completed == 1; }));
  CHECK(log->now().payloads == expected);
  publish_all(publisher, "d", {"too late"});
  REQUIRE(publisher->round_trip(5s).has_value());
  CHECK(log->now().payloads.size() == expected.size());
  CHECK_FALSE((*sub)->drain(1s).has_value());
}

TEST_CASE("draining the connection loses no message and closes the connection") {
  const test::nats_server server;
  const auto publisher = connected(server, events::make());
  const auto log = events::make();
  const auto link = connected(server, log);
  const auto gate = std::make_shared<std::latch>(1);
  auto sub = subscription::open(link, "d", wide(), gated(gate, log), log->completion());
  REQUIRE(sub.has_value());
  REQUIRE(link->round_trip(5s).has_value());
  const auto expected = numbers(5'000);
  publish_all(publisher, "d", expected);
  REQUIRE(publisher->round_trip(5s).has_value());
  REQUIRE(link->round_trip(20s).has_value());
  REQUIRE(link->drain(30s).has_value());
  gate->count_down();
  REQUIRE(log->wait([](const test::seen& s) { return s.completed == 1 && s.closed == 1; }));
  CHECK(log->now().payloads == expected);
  CHECK(log->now().why_closed.code == core::errc::none);
}

TEST_CASE("closing the connection completes its subscriptions and delivers the current batch") {
  const test::nats_server server;
  const auto log = events::make();
  const auto link = connected(server, log);
  auto sub = subscription::open(link, "c", {}, log->sink(), log->completion());
  REQUIRE(sub.has_value());
  REQUIRE(link->round_trip(5s).has_value());
  publish_all(link, "c", numbers(1000));
  link->close();
  REQUIRE(log->wait([](const test::seen& s) { return s.completed == 1; }));
  // The messages that arrived in time are in order and without a gap.
  const auto payloads = log->now().payloads;
  const auto all = numbers(1000);
  CHECK(std::equal(payloads.begin(), payloads.end(), all.begin()));
  auto late = subscription::open(link, "c", {}, log->sink());
  REQUIRE(late.has_error());
  CHECK(late.error().code == core::errc::unavailable);
}

TEST_CASE("a slow consumer is reported once, its losses are counted, and the kept messages still arrive") {
  const test::nats_server server;
  const auto publisher = connected(server, events::make());
  const auto log = events::make();
  const auto link = connected(server, log);
  const auto gate = std::make_shared<std::latch>(1);
  messaging::subscription_options narrow;
  narrow.pending_messages = 100;
  auto sub = subscription::open(link, "slow", narrow, gated(gate, log));
  REQUIRE(sub.has_value());
  REQUIRE(link->round_trip(5s).has_value());
  publish_all(publisher, "slow", {"at the gate"});
  REQUIRE(log->wait([](const test::seen& s) { return s.at_gate; }));
  publish_all(publisher, "slow", numbers(1000));
  REQUIRE(publisher->round_trip(5s).has_value());
  REQUIRE(link->round_trip(5s).has_value());
  REQUIRE(log->wait([](const test::seen& s) { return s.slow > 0; }));
  CHECK(log->now().slow_subject == "slow");
  CHECK(log->now().slow_dropped >= 1);
  CHECK((*sub)->dropped() == 900);
  gate->count_down();
  REQUIRE(log->wait([&](const test::seen& s) { return s.payloads.size() == 101; }));
  CHECK(log->now().slow == 1);
}

TEST_CASE("an exception in the sink is reported, its batch counts as dropped, and the next messages arrive") {
  const test::nats_server server;
  const auto publisher = connected(server, events::make());
  const auto log = events::make();
  const auto link = connected(server, events::make());
  messaging::subscription_options options;
  options.on_failure = [log](std::string_view why) {
    log->change([&](test::seen& s) { s.errors.emplace_back(why); });
    throw std::runtime_error("the report fails too");
  };
  const auto sink = log->sink();
  auto sub = subscription::open(
    link, "f", options,
    [sink](messaging::message_batch batch) {
      if (batch.front().payload() == "bad")
        throw std::runtime_error("injected fault");
      sink(std::move(batch));
    },
    [log] {
      log->change([](test::seen& s) { ++s.completed; });
      throw std::runtime_error("the completion fails too");
    });
  REQUIRE(sub.has_value());
  REQUIRE(link->round_trip(5s).has_value());
  publish_all(publisher, "f", {"bad"});
  REQUIRE(log->wait([](const test::seen& s) { return !s.errors.empty(); }));
  CHECK(log->now().errors.front() == "injected fault");
  CHECK((*sub)->dropped() == 1);
  publish_all(publisher, "f", {"good"});
  REQUIRE(log->wait([](const test::seen& s) { return !s.payloads.empty(); }));
  REQUIRE((*sub)->drain(5s).has_value());
  REQUIRE(log->wait([](const test::seen& s) { return s.errors.size() == 2; }));
  CHECK(log->now().completed == 1);
}

TEST_CASE("a subscription may be destroyed at any time, also within its own sink") {
  const test::nats_server server;
  const auto publisher = connected(server, events::make());
  const auto link = connected(server, events::make());
  for (int round = 0; round < 200; ++round) {
    const auto log = events::make();
    auto sub = subscription::open(link, "x", wide(), log->sink(), log->completion());
    REQUIRE(sub.has_value());
    publish_all(publisher, "x", numbers(300));
    if (round % 2 == 0)
      (void)log->wait([](const test::seen& s) { return !s.payloads.empty(); }, 20ms);
    sub->reset();
    CHECK(log->now().completed == 0);
  }

  const auto log = events::make();
  auto holder = std::make_shared<std::unique_ptr<subscription>>();
  const auto ready = std::make_shared<std::latch>(1);
  auto sub = subscription::open(link, "y", wide(), [=](const messaging::message_batch&) {
    ready->wait();
    holder->reset();
    log->change([](test::seen& s) { ++s.completed; });
  });
  REQUIRE(sub.has_value());
  *holder = std::move(*sub);
  REQUIRE(link->round_trip(5s).has_value());
  publish_all(publisher, "y", numbers(300));
  ready->count_down();
  CHECK(log->wait([](const test::seen& s) { return s.completed == 1; }));
  CHECK(*holder == nullptr);
}

TEST_CASE("messages in transit when the server is killed are lost or complete, and later messages arrive") {
  test::nats_server server;
  const auto log = events::make();
  const auto link = connected(server, log);
  const auto publisher_log = events::make();
  const auto publisher = connected(server, publisher_log);
  auto sub = subscription::open(link, "k", wide(), log->sink());
  REQUIRE(sub.has_value());
  REQUIRE(link->round_trip(5s).has_value());
  for (int round = 1; round <= 5; ++round) {
    for (int i = 0; i < 20'000; ++i)
      publisher->publish("k", "whole");
    publisher->flush_buffer();
    server.kill();
    server.start();
    REQUIRE(log->wait([&](const test::seen& s) { return s.reconnected == round; }));
    REQUIRE(publisher_log->wait([&](const test::seen& s) { return s.reconnected == round; }));
    REQUIRE(link->round_trip(20s).has_value());
    REQUIRE(publisher->publish("k", "mark") == core::errc::none);
    REQUIRE(publisher->flush_buffer() == core::errc::none);
    REQUIRE(log->wait([&](const test::seen& s) { return std::ranges::count(s.payloads, "mark") == round; }));
  }
  CHECK(std::ranges::all_of(log->now().payloads, [](const auto& p) { return p == "whole" || p == "mark"; }));
}
