#include "catch.hpp"
#include "http/server/exchange.hpp"
#include "parsed.hpp"

#include <memory>
#include <string>
#include <vector>

using cm::http::exchange;

namespace {

// Records the calls of an exchange to its connection.
class port final : public cm::http::stream_port {
public:
  std::vector<std::string> calls;

  port() = default;
  port(const port&) = delete;
  port(port&&) = delete;
  port& operator=(const port&) = delete;
  port& operator=(port&&) = delete;
  virtual ~port() = default;

  void read_body(std::uint64_t sequence, std::size_t at_most, cm::http::piece_handler handler) override {
    calls.push_back("read " + std::to_string(sequence) + " " + std::to_string(at_most));
    handler({"piece", true, false});
  }

  void begin_answer(std::uint64_t sequence, cm::http::response head) override {
    calls.push_back("begin " + std::to_string(sequence) + " " + std::to_string(head.status));
  }

  void write_answer(std::uint64_t sequence, std::string bytes, cm::http::written_handler done) override {
    calls.push_back("write " + std::to_string(sequence) + " " + bytes);
    done(true);
  }

  void end_answer(std::uint64_t sequence) override { calls.push_back("end " + std::to_string(sequence)); }

  void cut_answer(std::uint64_t sequence) override { calls.push_back("cut " + std::to_string(sequence)); }
};

struct fixture {
  std::shared_ptr<port> connection = std::make_shared<port>();
  std::vector<int> answers;

  std::unique_ptr<exchange> open(bool streamed = true) {
    return std::make_unique<exchange>(
      cm::test::make_request("GET", "/"), [this](const cm::http::response& given) { answers.push_back(given.status); },
      std::chrono::steady_clock::now(), cm::http::stream_end{connection, 7, streamed});
  }
};

using calls = std::vector<std::string>;

} // namespace

TEST_CASE("An exchange forwards calls to its connection with its sequence number") {
  fixture f;
  {
    const auto exchange = f.open();
    CHECK(exchange->streamed());
    exchange->read_body(10, [](const cm::http::body_piece& piece) { CHECK(piece.bytes == "piece"); });
    CHECK(!exchange->answered());
    CHECK(exchange->begin(cm::http::empty_response(201)));
    CHECK(exchange->answered());
    exchange->write("x", [](bool ok) { CHECK(ok); });
    exchange->end();
    exchange->end();
  }
  CHECK(f.connection->calls == calls{"read 7 10", "begin 7 201", "write 7 x", "end 7"});
  CHECK(f.answers.empty());
}

TEST_CASE("An exchange is answered once, whole or streamed") {
  fixture f;
  {
    const auto exchange = f.open(false);
    CHECK(!exchange->streamed());
    CHECK(exchange->begin(cm::http::empty_response(200)));
    CHECK(!exchange->begin(cm::http::empty_response(200)));
    CHECK(!exchange->respond(cm::http::empty_response(200)));
    exchange->end();
  }
  {
    const auto exchange = f.open();
    exchange->end(); // nothing to end
    CHECK(exchange->respond(cm::http::empty_response(204)));
    CHECK(!exchange->begin(cm::http::empty_response(200)));
    exchange->end();
  }
  CHECK(f.connection->calls == calls{"begin 7 200", "end 7"});
  CHECK(f.answers == std::vector<int>{204});
}

TEST_CASE("Destroying an exchange cuts off a begun response, or else answers 503") {
  fixture f;
  f.open().reset();
  CHECK(f.answers == std::vector<int>{503});
  CHECK(f.connection->calls.empty());
  f.open()->begin(cm::http::empty_response(200));
  CHECK(f.answers == std::vector<int>{503});
  CHECK(f.connection->calls == calls{"begin 7 200", "cut 7"});
}

TEST_CASE("Without its connection, an exchange fails immediately") {
  fixture f;
  const auto exchange = f.open();
  f.connection.reset();
  bool failed = false;
  exchange->read_body(10, [&](const cm::http::body_piece& piece) { failed = piece.failed; });
  CHECK(failed);
  CHECK(exchange->begin(cm::http::empty_response(200)));
  bool written = true;
  exchange->write("x", [&](bool ok) { written = ok; });
  CHECK(!written);
  exchange->write("x", {});
  exchange->end();
}
