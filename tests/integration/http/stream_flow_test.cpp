#include "fixture.hpp"
#include "http/server/line_splitter.hpp"

#include <fstream>
#include <sstream>

using namespace cm::test;

namespace {

// Answers every line of a body with its number, as an import does: the next piece is asked for when the results of the
// last one are written.
struct numbering : std::enable_shared_from_this<numbering> {
  explicit numbering(exchange_ptr answered) : one(std::move(answered)) {}

  void run() {
    one->read_body(65536, [self = shared_from_this()](const cm::http::body_piece& piece) { self->on_piece(piece); });
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
    one->write(std::move(results), [self = shared_from_this(), last = piece.last](bool ok) {
      if (ok && last)
        self->one->end();
      else if (ok)
        self->run();
    });
  }

  exchange_ptr one;
  cm::http::line_splitter lines;
};

} // namespace

TEST_CASE("A hundred thousand lines go in and a result for each comes out, in order") {
  conversation t{[](server& s) {
    s.policy = [](const cm::http::request_head&) { return cm::http::body_policy::streamed(); };
    s.on_request = [](exchange_ptr one) {
      one->begin(ndjson());
      std::make_shared<numbering>(std::move(one))->run();
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

// What the kernel holds of the bytes that this client sent: the lines of its table of connections begin with
// "number: address:port address:port state sending:unread", in hexadecimal.
queues queues_of(const client& c) {
  const unsigned long client_port = c.port();
  // Another connection may have had the client's port lately, to another server.
  const unsigned long server_port = c.server_port();
  queues found;
  std::ifstream table{"/proc/net/tcp"};
  std::string line;
  std::getline(table, line); // the names of the columns
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

// Sends until the kernel has taken nothing for a while. How many bytes left the client and were taken by the server.
std::size_t stuff(client& c, std::size_t& sent) {
  const std::string block(65536, 'x');
  for (int idle = 0; idle < 20;) {
    const std::size_t some = c.send_some(block);
    sent += some;
    if (some > 0) {
      idle = 0;
    } else {
      ++idle;
      std::this_thread::sleep_for(10ms); // quiet for so long means stuck
    }
  }
  // Bytes on their way are in both queues for a moment, or in neither: what counts is what stays the same.
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

TEST_CASE("Nothing is read beyond a small buffer while nobody asks") {
  streamed_conversation t;
  const std::string head = post_head("/import", 1000000000);
  t.c.send(head);
  std::size_t sent = head.size();
  const auto one = t.open.take();
  constexpr std::size_t buffer = std::size_t{20} * 1024;
  CHECK(stuff(t.c, sent) <= buffer);
  CHECK(sent > buffer); // else this says nothing
  // A hundred small asks are served from one read.
  std::size_t given = 0;
  for (int i = 0; i < 100; ++i)
    given += ask(*one, 100)->take().bytes.size();
  CHECK(given == 10000);
  CHECK(stuff(t.c, sent) <= buffer + head.size());
  // And when it is asked for, all comes.
  while (given < std::size_t{4} * 1024 * 1024)
    given += ask(*one)->take().bytes.size();
  CHECK(stuff(t.c, sent) <= given + buffer + head.size());
}

TEST_CASE("A write is done only when the client takes the bytes") {
  streamed_conversation t;
  t.c.send(get("/export"));
  const auto one = t.open.take();
  one->begin(ndjson());
  // The kernel's buffers fill up at some point.
  const std::string block(1U << 20U, 'x');
  std::size_t written = 0;
  std::shared_ptr<outcomes> stuck;
  for (int i = 0; i < 100 && !stuck; ++i) {
    auto done = start_write(*one, block);
    written += block.size();
    if (done->stays_empty(300ms))
      stuck = done;
    else
      CHECK(done->take());
  }
  REQUIRE(stuck);
  one->end();
  CHECK(t.c.receive_chunked().body.size() == written);
  CHECK(stuck->take());
}
