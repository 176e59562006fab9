#include "catch.hpp"
#include "http/server/exchange.hpp"
#include "parsed.hpp"

#include <memory>
#include <string>
#include <vector>

using cm::http::exchange;

namespace {

// Notes what an exchange asks of its connection.
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

TEST_CASE("What an exchange is asked for reaches its connection under its number") {
  fixture f;
  {
    const auto one = f.open();
    CHECK(one->streamed());
    one->read_body(10, [](const cm::http::body_piece& piece) { CHECK(piece.bytes == "piece"); });
    CHECK(!one->answered());
    CHECK(one->begin(cm::http::empty_response(201)));
    CHECK(one->answered());
    one->write("x", [](bool ok) { CHECK(ok); });
    one->end();
    one->end();
  }
  CHECK(f.connection->calls == calls{"read 7 10", "begin 7 201", "write 7 x", "end 7"});
  CHECK(f.answers.empty());
}

TEST_CASE("An exchange is answered once, whole or in pieces") {
  fixture f;
  {
    const auto one = f.open(false);
    CHECK(!one->streamed());
    CHECK(one->begin(cm::http::empty_response(200)));
    CHECK(!one->begin(cm::http::empty_response(200)));
    CHECK(!one->respond(cm::http::empty_response(200)));
    one->end();
  }
  {
    const auto one = f.open();
    one->end(); // nothing to end
    CHECK(one->respond(cm::http::empty_response(204)));
    CHECK(!one->begin(cm::http::empty_response(200)));
    one->end();
  }
  CHECK(f.connection->calls == calls{"begin 7 200", "end 7"});
  CHECK(f.answers == std::vector<int>{204});
}

TEST_CASE("An exchange that is let go of is cut off when its answer was begun, else answered 503") {
  fixture f;
  f.open().reset();
  CHECK(f.answers == std::vector<int>{503});
  CHECK(f.connection->calls.empty());
  f.open()->begin(cm::http::empty_response(200));
  CHECK(f.answers == std::vector<int>{503});
  CHECK(f.connection->calls == calls{"begin 7 200", "cut 7"});
}

TEST_CASE("Without its connection an exchange fails at once") {
  fixture f;
  const auto one = f.open();
  f.connection.reset();
  bool failed = false;
  one->read_body(10, [&](const cm::http::body_piece& piece) { failed = piece.failed; });
  CHECK(failed);
  CHECK(one->begin(cm::http::empty_response(200)));
  bool written = true;
  one->write("x", [&](bool ok) { written = ok; });
  CHECK(!written);
  one->write("x", {});
  one->end();
}
