// What most tests of a connection begin with: a server that runs, and one client of it.
#pragma once

#include "server.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace cm::test {

/// Changes a server before it starts.
using preparation = std::function<void(server&)>;

/// A client of a server that answers by itself, by echo if it was not told otherwise.
struct conversation {
  server s;
  client c;

  explicit conversation(const preparation& prepare = {}) : c(started(s, prepare)) {}

  static std::uint16_t started(server& s, const preparation& prepare) {
    if (prepare)
      prepare(s);
    s.start();
    return s.port();
  }
};

/// A client of a server whose requests wait in `open` to be answered.
struct held_conversation {
  mailbox<exchange_ptr> open;
  server s;
  client c;

  explicit held_conversation(const preparation& prepare = {})
    : c(conversation::started(s, [&](server& made) {
        made.on_request = [this](exchange_ptr one) { open.put(std::move(one)); };
        if (prepare)
          prepare(made);
      })) {}
};

/// The same with the bodies of POST streamed.
struct streamed_conversation : held_conversation {
  explicit streamed_conversation(const preparation& prepare = {})
    : held_conversation([&](server& made) {
        made.policy = [](const http::request_head& head) {
          return head.verb() == http::method::post ? http::body_policy::streamed() : http::body_policy::buffered(1000);
        };
        if (prepare)
          prepare(made);
      }) {}
};

using pieces = mailbox<http::body_piece>;
using outcomes = mailbox<bool>;

/// Asks without waiting.
inline std::shared_ptr<pieces> ask(http::exchange& one, std::size_t at_most = 65536) {
  auto got = std::make_shared<pieces>();
  one.read_body(at_most, [got](http::body_piece piece) { got->put(std::move(piece)); });
  return got;
}

/// Writes without waiting.
inline std::shared_ptr<outcomes> start_write(http::exchange& one, std::string bytes) {
  auto done = std::make_shared<outcomes>();
  one.write(std::move(bytes), [done](bool ok) { done->put(ok); });
  return done;
}

inline bool write(http::exchange& one, std::string bytes) {
  return start_write(one, std::move(bytes))->take();
}

/// The whole of a streamed body; "<failed>" behind what came of one that was cut short.
inline std::string read_all(http::exchange& one, std::size_t at_most = 65536) {
  std::string all;
  for (;;) {
    const auto piece = ask(one, at_most)->take();
    CHECK(piece.bytes.size() <= at_most);
    all.append(piece.bytes);
    if (piece.failed)
      return all + "<failed>";
    if (piece.last)
      return all;
  }
}

inline http::response ndjson(int status = 200) {
  http::response made;
  made.status = status;
  made.content_type = "application/x-ndjson";
  return made;
}

inline std::string chunked_post(std::string_view target, std::string_view chunks = {}) {
  return "POST " + std::string{target} + " HTTP/1.1\r\nHost: cm\r\nTransfer-Encoding: chunked\r\n\r\n"
         + std::string{chunks};
}

/// The header of a POST whose body follows, or does not.
inline std::string post_head(std::string_view target, std::size_t length, std::string_view headers = {}) {
  return "POST " + std::string{target} + " HTTP/1.1\r\nHost: cm\r\nContent-Length: " + std::to_string(length) + "\r\n"
         + std::string{headers} + "\r\n";
}

} // namespace cm::test
