#include "fixture.hpp"

#include <stdexcept>
#include <thread>

namespace cm::test {

mariadb_server& shared_server() {
  static mariadb_server server;
  return server;
}

storage_fixture::storage_fixture() : server(shared_server()) {
  server.recreate_database();
}

core::steady_time soon() {
  return std::chrono::steady_clock::now() + std::chrono::seconds{10};
}

core::uuid id_of(std::uint32_t number) {
  core::uuid id;
  for (std::size_t i = 0; i < 4; ++i)
    id.bytes[i] = static_cast<std::uint8_t>(number >> (24 - 8 * i));
  return id;
}

core::token_hash hash_of(std::uint32_t number) {
  core::token_hash hash;
  hash.fill(0x5A);
  for (std::size_t i = 0; i < 4; ++i)
    hash[i] = static_cast<std::uint8_t>((number * 2654435761U) >> (24 - 8 * i));
  return hash;
}

std::string hex(std::span<const std::uint8_t> bytes) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string text;
  for (const auto byte : bytes) {
    text += digits[byte >> 4U];
    text += digits[byte & 15U];
  }
  return text;
}

storage::create_token creation(std::uint32_t number) {
  storage::create_token command;
  command.id = id_of(number);
  command.hash = hash_of(number);
  command.application = "app";
  command.endpoint_id = "ep-1";
  command.at = core::from_unix_ms(1'000'000 + number);
  command.origin = {core::channel::rest, "operator", "correlation-" + std::to_string(number)};
  return command;
}

void create_tokens(storage::session& session, std::uint32_t first, std::uint32_t last) {
  for (auto number = first; number <= last; ++number)
    static_cast<void>(must<storage::created_token>(session, creation(number)));
}

std::unique_ptr<storage::connection> connect(const mariadb_server& server) {
  const auto settings = server.settings();
  auto made =
    storage::connection::open(settings, server.address(), {settings.connect_timeout, settings.socket_timeout});
  if (!made)
    throw std::runtime_error(made.error().error.detail);
  return *std::move(made);
}

void run(storage::connection& db, std::string_view sql) {
  if (auto done = db.run(sql); !done)
    throw std::runtime_error(done.error().error.detail);
}

void wait_until(const std::function<bool()>& condition) {
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{20};
  while (!condition()) {
    if (std::chrono::steady_clock::now() > limit)
      throw std::runtime_error("what the test waits for does not happen");
    std::this_thread::sleep_for(std::chrono::milliseconds{5});
  }
}

void kill_connections(const mariadb_server& server) {
  const std::string mine = "SELECT id FROM information_schema.processlist WHERE user = 'cm'";
  for (const auto& row : server.query(mine)) {
    try {
      server.execute("KILL CONNECTION " + row.at(0));
    } catch (const std::runtime_error&) {
      continue; // it went by itself
    }
  }
  wait_until([&] { return server.query(mine).empty(); });
}

} // namespace cm::test
