// The fixture of most connection tests: a running server and a client.
#pragma once

#include "server.hpp"

#include <functional>
#include <memory>
#include <string>
#include <utility>

namespace cm::test {

/// Changes a server before it starts.
using preparation = std::function<void(server&)>;

/// A client of a server that answers immediately, by default with echo().
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

/// A client of a server whose requests wait in `open` until the test answers them.
struct held_conversation {
  mailbox<exchange_ptr> open;
  server s;
  client c;

  explicit held_conversation(const preparation& prepare = {})
    : c(conversation::started(s, [&](server& http_server) {
        http_server.on_request = [this](exchange_ptr exchange) { open.put(std::move(exchange)); };
        if (prepare)
          prepare(http_server);
      })) {}
};

/// The same, with streamed bodies of POST requests.
struct streamed_conversation : held_conversation {
  explicit streamed_conversation(const preparation& prepare = {})
    : held_conversation([&](server& http_server) {
        http_server.policy = [](const http::request_head& head) {
          return head.verb() == http::method::post ? http::body_policy::streamed() : http::body_policy::buffered(1000);
        };
        if (prepare)
          prepare(http_server);
      }) {}
};

using pieces = mailbox<http::body_piece>;
using outcomes = mailbox<bool>;

/// Calls read_body() without waiting.
inline std::shared_ptr<pieces> ask(http::exchange& exchange, std::size_t at_most = 65536) {
  auto got = std::make_shared<pieces>();
  exchange.read_body(at_most, [got](http::body_piece piece) { got->put(std::move(piece)); });
  return got;
}

/// Calls write() without waiting.
inline std::shared_ptr<outcomes> start_write(http::exchange& exchange, std::string bytes) {
  auto done = std::make_shared<outcomes>();
  exchange.write(std::move(bytes), [done](bool ok) { done->put(ok); });
  return done;
}

inline bool write(http::exchange& exchange, std::string bytes) {
  return start_write(exchange, std::move(bytes))->take();
}

/// A whole streamed body; for a truncated body, what was received of it, followed by "<failed>".
inline std::string read_all(http::exchange& exchange, std::size_t at_most = 65536) {
  std::string all;
  for (;;) {
    const auto piece = ask(exchange, at_most)->take();
    CHECK(piece.bytes.size() <= at_most);
    all.append(piece.bytes);
    if (piece.failed)
      return all + "<failed>";
    if (piece.last)
      return all;
  }
}

inline http::response ndjson(int status = 200) {
  http::response result;
  result.status = status;
  result.content_type = "application/x-ndjson";
  return result;
}

inline std::string chunked_post(std::string_view target, std::string_view chunks = {}) {
  return "POST " + std::string{target} + " HTTP/1.1\r\nHost: cm\r\nTransfer-Encoding: chunked\r\n\r\n"
         + std::string{chunks};
}

/// The header of a POST; the caller decides whether the body follows.
inline std::string post_head(std::string_view target, std::size_t length, std::string_view headers = {}) {
  return "POST " + std::string{target} + " HTTP/1.1\r\nHost: cm\r\nContent-Length: " + std::to_string(length) + "\r\n"
         + std::string{headers} + "\r\n";
}

} // namespace cm::test
