#include "catch.hpp"
#include "events.hpp"
#include "messaging/nats/connection.hpp"
#include "messaging/nats/subscription.hpp"
#include "nats_server.hpp"

#include <algorithm>
#include <mutex>
#include <thread>
#include <vector>

using namespace cm;
using namespace std::chrono_literals;
using messaging::connection;
using messaging::connection_status;
using messaging::subscription;
using test::events;

namespace {

std::shared_ptr<connection> open(const core::nats_settings& settings, const std::shared_ptr<events>& events,
                                 messaging::connection_options options = {}) {
  options.reconnect_cap = 200ms;
  auto out = connection::open(settings, events->handlers(), options);
  REQUIRE(out.has_value());
  return *out;
}

std::unique_ptr<subscription> subscribe(const std::shared_ptr<connection>& on, const std::shared_ptr<events>& events,
                                        const std::string& subject, messaging::subscription_options options = {}) {
  auto out = subscription::open(on, subject, std::move(options), events->sink(), events->completion());
  REQUIRE(out.has_value());
  return std::move(*out);
}

/// Publishes until a message arrives, for use after a restart of the server.
bool arrives(const std::shared_ptr<connection>& on, const std::shared_ptr<events>& events, const char* subject) {
  const auto before = events->now().payloads.size();
  for (auto left = test::patience; left > 0s; left -= 1s) {
    on->publish(subject, "again");
    on->flush_buffer();
    if (events->wait([&](const test::seen& s) { return s.payloads.size() > before; }, 1s))
      return true;
  }
  return false;
}

/// Checks that the handshake fails with a reason.
void check_refused(const core::nats_settings& settings) {
  const auto refused = connection::open(settings, {});
  REQUIRE(refused.has_error());
  CHECK(refused.error().code == core::errc::unavailable);
  CHECK_FALSE(refused.error().detail.empty());
}

} // namespace

TEST_CASE("a connection to a running server is connected after open() and returns the server's URL") {
  const test::nats_server server;
  const auto log = events::make();
  const auto link = open(server.settings(), log);
  CHECK(link->status() == connection_status::connected);
  CHECK(link->server() == server.url());
  CHECK(log->now().connected == 1);
  CHECK(link->round_trip(5s).has_value());
  link->close();
  CHECK(link->status() == connection_status::closed);
  REQUIRE(log->wait([](const test::seen& s) { return s.closed == 1; }));
  CHECK(log->now().why_closed.code == core::errc::none);
  CHECK(link->publish("a", "b") == core::errc::unavailable);
  CHECK(link->flush_buffer() == core::errc::unavailable);
  CHECK_FALSE(link->round_trip(1s).has_value());
}

TEST_CASE("a published message reaches all subscribers, and one member of a queue group") {
  const test::nats_server server;
  const auto publisher = open(server.settings(), events::make());
  const auto link = open(server.settings(), events::make());
  const auto all = events::make();
  const auto one_of = events::make();
  messaging::subscription_options group;
  group.queue_group = "cm";
  const auto s1 = subscribe(link, all, "a.*");
  const auto s2 = subscribe(link, one_of, "a.b", group);
  const auto s3 = subscribe(link, one_of, "a.b", group);
  REQUIRE(link->round_trip(5s).has_value());
  constexpr int count = 50;
  for (int i = 0; i < count; ++i)
    CHECK(publisher->publish("a.b", std::to_string(i)) == core::errc::none);
  CHECK(publisher->flush_buffer() == core::errc::none);
  REQUIRE(all->wait([](const test::seen& s) { return s.payloads.size() == count; }));
  REQUIRE(one_of->wait([](const test::seen& s) { return s.payloads.size() >= count; }));
  REQUIRE(link->round_trip(5s).has_value());
  CHECK(one_of->now().payloads.size() == count);
}

TEST_CASE("a message has its subject, reply subject and binary payload, and outlives its connection") {
  const test::nats_server server;
  const auto kept = std::make_shared<messaging::message_batch>();
  const auto log = events::make();
  const std::string payload("\0\x01\xff\r\nPUB x 1\r\n", 14);
  {
    const auto link = open(server.settings(), events::make());
    auto sub = subscription::open(link, "requests", {}, [kept, log](messaging::message_batch batch) {
      for (auto& received : batch)
        kept->push_back(std::move(received));
      log->change([](test::seen& s) { ++s.completed; });
    });
    REQUIRE(sub.has_value());
    REQUIRE(link->publish("requests", payload) == core::errc::none);
    REQUIRE(link->flush_buffer() == core::errc::none);
    REQUIRE(log->wait([](const test::seen& s) { return s.completed == 1; }));
  }
  REQUIRE(kept->size() == 1);
  auto moved = std::move(kept->front());
  CHECK(kept->front().empty());
  CHECK(kept->front().payload().empty());
  CHECK(std::string(kept->front().reply()).empty());
  CHECK(moved.subject() == "requests");
  CHECK(std::string(moved.reply()).empty());
  CHECK(moved.payload() == payload);
}

TEST_CASE("a message that the server would refuse is refused immediately") {
  const test::nats_server server;
  const auto link = open(server.settings(), events::make());
  CHECK(link->publish("", "x") == core::errc::invalid);
  CHECK(link->publish("a", std::string(std::size_t{2} * 1024 * 1024, 'x')) == core::errc::invalid);
  const auto sub = subscription::open(link, "a b", {}, [](const messaging::message_batch&) {});
  REQUIRE(sub.has_error());
  CHECK(sub.error().code == core::errc::invalid);
}

TEST_CASE("unusable settings are an error and not retried") {
  core::nats_settings none;
  auto opened = connection::open(none, {});
  REQUIRE(opened.has_error());
  CHECK(opened.error().code == core::errc::invalid);

  core::nats_settings bad_port;
  bad_port.urls = {"nats://127.0.0.1:notaport"};
  opened = connection::open(bad_port, {});
  REQUIRE(opened.has_error());
  CHECK(opened.error().code == core::errc::invalid);

  core::nats_settings no_file;
  no_file.urls = {"tls://127.0.0.1:4222"};
  no_file.tls_ca_file = "/nonexistent/ca.pem";
  opened = connection::open(no_file, {});
  REQUIRE(opened.has_error());
  CHECK(opened.error().code == core::errc::invalid);
  CHECK(opened.error().message.find("nats.tls.ca") != std::string::npos);
}

TEST_CASE("without a server at start, the connection is made when the server starts, and subscriptions work then") {
  test::nats_server_options away;
  away.started = false;
  test::nats_server server(away);
  const auto log = events::make();
  const auto link = open(server.settings(), log);
  CHECK(link->status() == connection_status::connecting);
  CHECK(link->server().empty());
  CHECK(link->flush_buffer() == core::errc::unavailable);
  CHECK_FALSE(link->confirm(link->mark(), 1s).has_value());
  const auto sub = subscribe(link, log, "early");
  CHECK(link->publish("early", "kept") == core::errc::none);
  server.start();
  REQUIRE(log->wait([](const test::seen& s) { return s.connected == 1; }));
  CHECK(link->status() == connection_status::connected);
  CHECK(log->wait([](const test::seen& s) { return s.payloads == std::vector<std::string>{"kept"}; }));
  CHECK(log->now().disconnected == 0);
}

TEST_CASE("a killed server is detected, and after its restart the connection and the subscriptions are restored") {
  test::nats_server server;
  const auto log = events::make();
  const auto link = open(server.settings(), log);
  const auto sub = subscribe(link, log, "s");
  REQUIRE(arrives(link, log, "s"));
  const auto mark = link->mark();
  CHECK(link->confirm(mark, 5s).has_value());

  for (int round = 1; round <= 2; ++round) {
    server.kill();
    REQUIRE(log->wait([&](const test::seen& s) { return s.disconnected == round; }));
    CHECK(link->status() == connection_status::reconnecting);
    CHECK(link->flush_buffer() == core::errc::unavailable);
    CHECK_FALSE(link->round_trip(100ms).has_value());
    server.start();
    REQUIRE(log->wait([&](const test::seen& s) { return s.reconnected == round; }));
    CHECK(link->status() == connection_status::connected);
    REQUIRE(arrives(link, log, "s"));
  }
  CHECK(log->now().connected == 1);
  CHECK(log->now().closed == 0);
  // Messages published before the loss are not confirmed by the connection after it.
  CHECK(link->round_trip(5s).has_value());
  CHECK_FALSE(link->confirm(mark, 5s).has_value());
  CHECK(link->confirm(link->mark(), 5s).has_value());
}

TEST_CASE("a loss of the server changes the continuity before the first message after it") {
  test::nats_server server;
  const auto log = events::make();
  const auto link = open(server.settings(), log);

  struct record {
    std::mutex guard;
    std::vector<std::uint64_t> at_messages; // the continuity when each message arrived
  };

  const auto received = std::make_shared<record>();
  const auto opened = subscription::open(link, "s", {}, [received, link](const messaging::message_batch& batch) {
    const auto now = link->continuity();
    const std::lock_guard lock(received->guard);
    received->at_messages.insert(received->at_messages.end(), batch.size(), now);
  });
  REQUIRE(opened.has_value());
  const auto sub = subscribe(link, log, "s");
  REQUIRE(arrives(link, log, "s"));
  const auto before = link->continuity();
  CHECK(before % 2 == 0);
  CHECK(link->continuity() == before);

  server.kill();
  REQUIRE(log->wait([](const test::seen& s) { return s.disconnected == 1; }));
  CHECK(link->continuity() % 2 == 1);
  {
    const std::lock_guard lock(received->guard);
    received->at_messages.clear();
  }
  server.start();
  REQUIRE(arrives(link, log, "s"));
  const auto after = link->continuity();
  CHECK(after % 2 == 0);
  CHECK(after != before);
  // Each subscription has a thread of its own: this one may be later than the other.
  const auto arrived = [&] {
    const std::lock_guard lock(received->guard);
    return std::ranges::any_of(received->at_messages, [&](std::uint64_t seen) { return seen == after; });
  };
  for (std::chrono::milliseconds left = test::patience; left > 0ms && !arrived(); left -= 1ms)
    std::this_thread::sleep_for(1ms);
  REQUIRE(arrived());
  const std::lock_guard lock(received->guard);
  // A message received before the loss may be delivered after it, while disconnected.
  for (const auto seen : received->at_messages)
    CHECK((seen == after || seen % 2 == 1));
}

TEST_CASE("the buffer of messages published while disconnected is bounded, and publish() reports when it is full") {
  test::nats_server server;
  const auto log = events::make();
  messaging::connection_options options;
  options.reconnect_buffer = std::size_t{64} * 1024;
  const auto link = open(server.settings(), log, options);
  server.kill();
  REQUIRE(log->wait([](const test::seen& s) { return s.disconnected == 1; }));
  const std::string kilobyte(1024, 'x');
  int taken = 0;
  while (taken < 1000 && link->publish("s", kilobyte) == core::errc::none)
    ++taken;
  CHECK(taken >= 60);
  CHECK(taken <= 66);
}

TEST_CASE("a silent server counts as lost after two pings") {
  test::nats_server server;
  const auto log = events::make();
  messaging::connection_options options;
  options.ping_interval = 200ms;
  const auto link = open(server.settings(), log, options);
  const auto sub = subscribe(link, log, "s");
  REQUIRE(link->round_trip(5s).has_value());
  server.pause();
  const auto before = std::chrono::steady_clock::now();
  CHECK(link->flush_buffer() == core::errc::none); // written and not confirmed, without waiting for the silent server
  CHECK(std::chrono::steady_clock::now() - before < 100ms);
  REQUIRE(log->wait([](const test::seen& s) { return s.disconnected == 1; }, 10s));
  server.resume();
  REQUIRE(log->wait([](const test::seen& s) { return s.reconnected == 1; }));
  CHECK(arrives(link, log, "s"));
}

TEST_CASE("a refused login is an error that does not contain the password, and the correct login is accepted") {
  test::nats_server_options locked;
  locked.user = "cm";
  locked.password = "right-test-password";
  const test::nats_server server(locked);
  auto settings = server.settings();
  settings.password = core::secret("wrong-test-password");
  const auto log = events::make();
  for (int round = 0; round < 5; ++round) {
    const auto refused = connection::open(settings, log->handlers());
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == core::errc::unauthenticated);
    CHECK((refused.error().message + refused.error().detail).find("test-password") == std::string::npos);
  }
  CHECK(open(server.settings(), log)->status() == connection_status::connected);
  CHECK(log->now().closed == 0);
}

TEST_CASE("a login that a later started server refuses closes the connection with the reason") {
  test::nats_server_options locked;
  locked.user = "cm";
  locked.password = "right-test-password";
  locked.started = false;
  test::nats_server server(locked);
  auto settings = server.settings();
  settings.password = core::secret("wrong-test-password");
  const auto log = events::make();
  const auto link = open(settings, log);
  CHECK(link->status() == connection_status::connecting);
  server.start();
  REQUIRE(log->wait([](const test::seen& s) { return s.closed == 1; }));
  CHECK(link->status() == connection_status::closed);
  const auto seen = log->now();
  CHECK(seen.connected == 0);
  CHECK(seen.why_closed.code == core::errc::unauthenticated);
  for (const auto& text : {seen.why_closed.message, seen.why_closed.detail, link->last_error()})
    CHECK(text.find("test-password") == std::string::npos);
}

TEST_CASE("a login that the server refuses after its restart closes the connection with the reason") {
  test::nats_server_options locked;
  locked.user = "cm";
  locked.password = "first-test-password";
  test::nats_server server(locked);
  const auto log = events::make();
  const auto link = open(server.settings(), log);
  server.kill();
  server.set_password("second-test-password");
  server.start();
  REQUIRE(log->wait([](const test::seen& s) { return s.closed == 1; }));
  CHECK(log->now().why_closed.code == core::errc::unauthenticated);
}

TEST_CASE("the server's URL is returned without the login") {
  test::nats_server_options locked;
  locked.user = "cm";
  locked.password = "url-test-password";
  const test::nats_server server(locked);
  core::nats_settings settings;
  settings.urls = {"nats://cm:url-test-password@127.0.0.1:" + std::to_string(server.port())};
  const auto link = open(settings, events::make());
  CHECK(link->status() == connection_status::connected);
  CHECK(link->server() == server.url());
}

TEST_CASE("TLS verifies the server's certificate chain and name, and presents the client's certificate") {
  const test::nats_certificates files;
  test::nats_server_options secured;
  secured.certificates = &files;
  test::nats_server server(secured);
  const auto log = events::make();
  const auto link = open(server.settings(), log);
  REQUIRE(link->status() == connection_status::connected);
  const auto sub = subscribe(link, log, "s");
  REQUIRE(arrives(link, log, "s"));

  SECTION("another CA") {
    auto settings = server.settings();
    settings.tls_ca_file = files.file("other-ca.pem");
    check_refused(settings);
  }
  SECTION("no CA: the system's trust store does not contain it") {
    auto settings = server.settings();
    settings.tls_ca_file.clear();
    check_refused(settings);
  }
  SECTION("a name that is not in the certificate") {
    auto settings = server.settings();
    settings.urls = {"tls://localhost:" + std::to_string(server.port())};
    check_refused(settings);
  }
  SECTION("no client certificate") {
    auto settings = server.settings();
    settings.tls_certificate_file.clear();
    settings.tls_key_file.clear();
    check_refused(settings);
  }
  SECTION("after a restart") {
    server.kill();
    REQUIRE(log->wait([](const test::seen& s) { return s.disconnected == 1; }));
    server.start();
    REQUIRE(log->wait([](const test::seen& s) { return s.reconnected == 1; }));
    CHECK(arrives(link, log, "s"));
  }
}

TEST_CASE("a tls:// URL is never served without TLS") {
  const test::nats_server plain;
  core::nats_settings settings;
  settings.urls = {"tls://127.0.0.1:" + std::to_string(plain.port())};
  check_refused(settings);
}

TEST_CASE("a connection can be destroyed within its own handler") {
  const test::nats_server server;
  const auto log = events::make();
  auto holder = std::make_shared<std::shared_ptr<connection>>();
  auto handlers = log->handlers();
  handlers.closed = [holder, log](const core::error&) {
    holder->reset();
    log->change([](test::seen& s) { ++s.closed; });
  };
  *holder = *connection::open(server.settings(), handlers);
  const auto raw = holder->get();
  raw->close();
  CHECK(log->wait([](const test::seen& s) { return s.closed == 1; }));
}

TEST_CASE("only permitted publications are confirmed on the same connection") {
  test::nats_server_options options;
  options.user = "cm";
  options.password = "secret";
  options.denied = "events.denied";
  const test::nats_server server(options);
  const auto opened = connection::open(server.settings(), {});
  REQUIRE(opened.has_value());
  auto& nats = **opened;
  for (int round = 0; round < 3; ++round) {
    auto mark = nats.mark();
    CHECK(nats.publish("events.permitted", "a") == core::errc::none);
    CHECK(nats.confirm(mark, std::chrono::seconds{5}).has_value());
    mark = nats.mark();
    CHECK(nats.publish("events.permitted", "b") == core::errc::none);
    CHECK(nats.publish("events.denied", "c") == core::errc::none);
    const auto refused = nats.confirm(mark, std::chrono::seconds{5});
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == core::errc::forbidden);
  }
}

TEST_CASE("a refusal of another subject does not affect the confirmation of the confirmed subjects") {
  test::nats_server_options options;
  options.user = "cm";
  options.password = "secret";
  options.denied = "denied.>";
  const test::nats_server server(options);
  messaging::connection_options confirmed;
  confirmed.confirmed_subjects = {"events", "denied.event"};
  const auto opened = connection::open(server.settings(), {}, confirmed);
  REQUIRE(opened.has_value());
  auto& nats = **opened;
  for (int round = 0; round < 3; ++round) {
    auto mark = nats.mark();
    CHECK(nats.publish("denied.reply", "a response") == core::errc::none);
    CHECK(nats.publish("events", "an event") == core::errc::none);
    CHECK(nats.confirm(mark, std::chrono::seconds{5}).has_value());
    mark = nats.mark();
    CHECK(nats.publish("denied.event", "an event") == core::errc::none);
    const auto refused = nats.confirm(mark, std::chrono::seconds{5});
    REQUIRE(refused.has_error());
    CHECK(refused.error().code == core::errc::forbidden);
    CHECK(refused.error().detail.find("denied.event") != std::string::npos);
  }
}

TEST_CASE("a login with characters that JSON escapes is accepted") {
  test::nats_server_options options;
  options.user = "user\\1";
  options.password = "\"quoted\" \\ and {}";
  options.denied = "denied";
  const test::nats_server server(options);
  CHECK(open(server.settings(), events::make())->status() == connection_status::connected);
}
