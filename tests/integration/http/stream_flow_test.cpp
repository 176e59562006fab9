#include "fixture.hpp"
#include "http/server/line_splitter.hpp"

#include <fstream>
#include <sstream>

using namespace cm::test;

namespace {

// Answers every line of a body with its number, as an import does: requests the next piece after it has written the
// results of the previous one.
struct numbering : std::enable_shared_from_this<numbering> {
  explicit numbering(exchange_ptr answered) : exchange(std::move(answered)) {}

  void run() {
    exchange->read_body(65536,
                        [self = shared_from_this()](const cm::http::body_piece& piece) { self->on_piece(piece); });
  }

  void on_piece(const cm::http::body_piece& piece) {
    if (piece.failed)
      return;
    std::string results;
    const auto answer = [&](const cm::http::numbered_line& line) {
      results.append(std::to_string(line.number)).append(" ").append(line.text.substr(0, 8)).append("\n");
    };
    lines.feed(piece.bytes, answer);
    if (piece.last)
      lines.finish(answer);
    exchange->write(std::move(results), [self = shared_from_this(), last = piece.last](bool ok) {
      if (ok && last)
        self->exchange->end();
      else if (ok)
        self->run();
    });
  }

  exchange_ptr exchange;
  cm::http::line_splitter lines;
};

} // namespace

TEST_CASE("A hundred thousand lines are answered with one result each, in order") {
  conversation t{[](server& s) {
    s.policy = [](const cm::http::request_head&) { return cm::http::body_policy::streamed(); };
    s.on_request = [](exchange_ptr exchange) {
      exchange->begin(ndjson());
      std::make_shared<numbering>(std::move(exchange))->run();
    };
  }};
  constexpr int count = 100000;
  std::thread sender{[&] {
    t.c.send(chunked_post("/import"));
    std::string batch;
    for (int i = 1; i <= count; ++i) {
      batch.append(std::to_string(i)).append(" ").append(90, 'x').append("\n");
      if (i % 1000 == 0) {
        std::ostringstream head;
        head << std::hex << batch.size() << "\r\n";
        t.c.send(head.str() + batch + "\r\n");
        batch.clear();
      }
    }
    t.c.send("0\r\n\r\n");
  }};
  CHECK(t.c.receive(true).status == 200);
  std::string results;
  int next = 1;
  bool in_order = true;
  for (std::string chunk = t.c.receive_chunk(); !chunk.empty(); chunk = t.c.receive_chunk()) {
    results.append(chunk);
    std::size_t at = 0;
    for (std::size_t end = results.find('\n'); end != std::string::npos; end = results.find('\n', at)) {
      const std::string number = std::to_string(next++);
      std::string expected = number;
      expected.append(" ").append(number);
      in_order = in_order && results.compare(at, expected.size(), expected) == 0;
      at = end + 1;
    }
    results.erase(0, at);
  }
  sender.join();
  CHECK(in_order);
  CHECK(next == count + 1);
  CHECK(results.empty());
  t.c.send(chunked_post("/again", "2\r\na\n\r\n0\r\n\r\n"));
  CHECK(t.c.receive_chunked().body == "1 a\n");
}

namespace {

struct queues {
  std::size_t unsent = 0; // at the client: not yet acknowledged
  std::size_t unread = 0; // at the server
};

// What the kernel buffers of the bytes that this client sent. The lines of its table of connections start with
// "number: address:port address:port state sending:unread", in hexadecimal.
queues queues_of(const client& c) {
  const unsigned long client_port = c.port();
  // The client's port may have been used recently by a connection to another server.
  const unsigned long server_port = c.server_port();
  queues found;
  std::ifstream table{"/proc/net/tcp"};
  std::string line;
  std::getline(table, line); // column names
  while (std::getline(table, line)) {
    std::istringstream fields{line};
    std::string number;
    std::string local;
    std::string remote;
    std::string state;
    std::string held;
    fields >> number >> local >> remote >> state >> held;
    const auto after_colon = [](const std::string& field) {
      return std::stoul(field.substr(field.find(':') + 1), nullptr, 16);
    };
    if (after_colon(local) == client_port && after_colon(remote) == server_port)
      found.unsent = std::stoul(held, nullptr, 16);
    if (after_colon(remote) == client_port && after_colon(local) == server_port)
      found.unread = after_colon(held);
  }
  return found;
}

// Sends until the kernel accepts no more bytes for a while. Returns how many bytes the server has read from the socket.
std::size_t stuff(client& c, std::size_t& sent) {
  const std::string block(65536, 'x');
  for (int idle = 0; idle < 20;) {
    const std::size_t some = c.send_some(block);
    sent += some;
    if (some > 0) {
      idle = 0;
    } else {
      ++idle;
      std::this_thread::sleep_for(10ms); // no progress for this time counts as stuck
    }
  }
  // Bytes in transit may be counted in both queues or in neither: only a stable value counts.
  auto held = queues_of(c);
  for (int look = 0, same = 0; look < 500 && same < 10; ++look) {
    std::this_thread::sleep_for(10ms);
    const auto now = queues_of(c);
    same = now.unsent == held.unsent && now.unread == held.unread && now.unsent + now.unread <= sent ? same + 1 : 0;
    held = now;
  }
  REQUIRE(held.unsent + held.unread <= sent);
  return sent - held.unsent - held.unread;
}

} // namespace

TEST_CASE("Only a small buffer is read while no read_body() is pending") {
  streamed_conversation t;
  const std::string head = post_head("/import", 1000000000);
  t.c.send(head);
  std::size_t sent = head.size();
  const auto exchange = t.open.take();
  constexpr std::size_t buffer = std::size_t{20} * 1024;
  CHECK(stuff(t.c, sent) <= buffer);
  CHECK(sent > buffer); // otherwise the test proves nothing
  // A hundred small read_body() calls are served from one read.
  std::size_t given = 0;
  for (int i = 0; i < 100; ++i)
    given += ask(*exchange, 100)->take().bytes.size();
  CHECK(given == 10000);
  CHECK(stuff(t.c, sent) <= buffer + head.size());
  // The whole body arrives when it is requested.
  while (given < std::size_t{4} * 1024 * 1024)
    given += ask(*exchange)->take().bytes.size();
  CHECK(stuff(t.c, sent) <= given + buffer + head.size());
}

TEST_CASE("A write completes only when the client reads the bytes") {
  streamed_conversation t;
  t.c.send(get("/export"));
  const auto exchange = t.open.take();
  exchange->begin(ndjson());
  // The kernel's buffers fill up at some point.
  const std::string block(1U << 20U, 'x');
  std::size_t written = 0;
  std::shared_ptr<outcomes> stuck;
  for (int i = 0; i < 100 && !stuck; ++i) {
    auto done = start_write(*exchange, block);
    written += block.size();
    if (done->stays_empty(300ms))
      stuck = done;
    else
      CHECK(done->take());
  }
  REQUIRE(stuck);
  exchange->end();
  CHECK(t.c.receive_chunked().body.size() == written);
  CHECK(stuck->take());
}
