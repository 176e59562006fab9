#include "http/client/http_client.hpp"

#include "http/client/connection.hpp"
#include "http/client/exchange.hpp"
#include "http/client/response_reader.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <utility>

namespace cm::http {

namespace {

// The header, and the body unless that is streamed. Beast's serializer would leave copies of secrets in freed memory.
std::string bytes_of(const client_settings& with, const client_request& what, bool streamed) {
  std::size_t size = std::size_t{4096} + what.target.size() + with.server.prefix.size()
                     + what.authorization.reveal().size() + what.body.size();
  for (const auto& [name, value] : what.fields)
    size += name.size() + value.size() + 4;
  std::string out; // reserved in full, because a reallocation would leave secrets in freed memory, too
  out.reserve(size);
  const auto add = [&out](std::string_view name, std::string_view value) {
    out.append(name).append(": ").append(value).append("\r\n");
  };
  out.append(what.method).append(" ").append(with.server.prefix).append(what.target).append(" HTTP/1.1\r\n");
  add("Host", with.server.authority);
  add("User-Agent", "cm");
  if (!with.keep_alive)
    add("Connection", "close");
  add("Accept", what.accept);
  for (const auto& [name, value] : what.fields)
    add(name, value);
  if (!what.authorization.empty())
    add("Authorization", what.authorization.reveal());
  if (!what.content_type.empty())
    add("Content-Type", what.content_type);
  if (streamed) {
    add("Transfer-Encoding", "chunked");
    add("Expect", "100-continue");
  } else if (!what.content_type.empty()) {
    add("Content-Length", std::to_string(what.body.size()));
  }
  out += "\r\n";
  if (!streamed)
    out += what.body;
  return out;
}

} // namespace

struct http_client::state {
  client_settings settings;
  std::optional<client_connection> connection; // kept from the last exchange

  core::expected<client_response> exchange_once(const client_request& what, const exchange_limit& limit,
                                                body_handler on_body, body_source* from) {
    if (!connection) {
      connection.emplace();
      if (const auto opened = connection->open(settings.server, settings.files, limit.deadline); !opened) {
        connection.reset();
        return opened.error();
      }
    }
    response_reader reader{settings.limits, std::move(on_body)};
    core::expected<void> done;
    bool reusable = false;
    {
      client_exchange talk{*connection, settings.server.authority, reader, from};
      done = talk.run(bytes_of(settings, what, from != nullptr), limit);
      reusable = done && settings.keep_alive && from == nullptr && talk.is_complete() && reader.keeps_alive();
    }
    if (!reusable)
      connection.reset();
    if (!done)
      return done.error();
    return reader.take();
  }
};

http_client::http_client(client_settings with) : state_(std::make_unique<state>()) {
  state_->settings = std::move(with);
}

http_client::~http_client() = default;

core::expected<client_response> http_client::send(const client_request& what, clock::time_point deadline) {
  const bool kept = state_->connection.has_value();
  auto got = state_->exchange_once(what, {deadline}, {}, nullptr);
  if (!got && kept && what.method == "GET" && clock::now() < deadline)
    return state_->exchange_once(what, {deadline}, {}, nullptr);
  return got;
}

core::expected<client_response> http_client::stream(const client_request& what, std::chrono::milliseconds step_limit,
                                                    body_handler on_body, body_source* from) {
  return state_->exchange_once(what, {clock::now() + step_limit, step_limit}, std::move(on_body), from);
}

} // namespace cm::http
