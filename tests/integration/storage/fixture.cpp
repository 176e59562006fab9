#include "fixture.hpp"

#include "storage/sql/rows.hpp"

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

void make_tokens(storage::session& session, std::uint32_t first, std::uint32_t last) {
  for (auto number = first; number <= last; ++number)
    static_cast<void>(must<storage::created_token>(session, creation(number)));
}

core::error refusal(storage::session& session, const storage::command& what) {
  auto result = session.execute(what, soon());
  if (result)
    throw std::runtime_error("a command that must fail has succeeded");
  return std::move(result).error();
}

storage::create_client client_creation(core::client_kind kind, std::uint32_t number) {
  storage::create_client command;
  auto& credential = command.credential;
  credential.kind = kind;
  credential.id = id_of(number);
  credential.client_id = "client-" + std::to_string(number);
  credential.created_at = core::from_unix_ms(1'000'000 + number);
  if (kind == core::client_kind::basic) {
    credential.username = "user-" + std::to_string(number);
    command.password_phc = core::secret{"$phc$" + std::to_string(number)};
  } else {
    credential.issuer = "CN=ca";
    credential.serial_number = std::to_string(number);
    command.subject = hash_of(number);
  }
  command.origin = {core::channel::rest, "operator", "correlation-" + std::to_string(number)};
  return command;
}

std::string is_row(std::uint32_t number) {
  return "id = X'" + hex(id_of(number).bytes) + "'";
}

std::uint64_t count_of(const mariadb_server& server, const std::string& table) {
  return std::stoull(server.value("SELECT COUNT(*) FROM " + table));
}

core::token_digest digest_of(const storage_fixture& fixture, const std::string& endpoint_id) {
  core::token_digest digest;
  const auto rows = fixture.server.query("SELECT LOWER(HEX(id)), status, updated_at FROM endpoint_token "
                                         "WHERE endpoint_id = '"
                                         + endpoint_id + "'");
  for (const auto& row : rows) {
    std::string id = row.at(0);
    for (const std::size_t dash : {8U, 13U, 18U, 23U})
      id.insert(dash, 1, '-');
    std::optional<core::timestamp> updated_at;
    if (row.at(2) != "NULL")
      updated_at = core::from_unix_ms(std::stoll(row.at(2)));
    const int number = row.at(1) == "NULL" ? -1 : std::stoi(row.at(1));
    const bool known = number >= 0 && number < static_cast<int>(core::credential_status_count);
    digest.add(core::parse_uuid(id).value(),
               known ? static_cast<core::credential_status>(number) : core::credential_status::unknown, updated_at);
  }
  return digest;
}

std::vector<std::vector<std::string>> audit_of(const mariadb_server& server, std::uint32_t number) {
  return server.query("SELECT from_status, to_status, channel, actor, correlation_id FROM credential_audit WHERE "
                      "credential_"
                      + is_row(number) + " ORDER BY seq");
}

std::string before_now(std::chrono::milliseconds age) {
  return std::string{storage::database_now} + " - " + std::to_string(age.count());
}

bool somebody_waits(const mariadb_server& server) {
  return server.value("SELECT variable_value FROM information_schema.global_status WHERE variable_name = "
                      "'INNODB_ROW_LOCK_CURRENT_WAITS'")
         != "0";
}

std::unique_ptr<storage::connection> connect(const mariadb_server& server) {
  const auto settings = server.settings();
  auto opened =
    storage::connection::open(settings, server.address(), {settings.connect_timeout, settings.socket_timeout});
  if (!opened)
    throw std::runtime_error(opened.error().error.detail);
  return *std::move(opened);
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
      continue; // it has closed already
    }
  }
  wait_until([&] { return server.query(mine).empty(); });
}

} // namespace cm::test
