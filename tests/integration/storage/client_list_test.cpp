// Lists of client credentials: each combination of filter, order and position in tables with many rows.
#include "catch.hpp"
#include "fixture.hpp"

#include <algorithm>
#include <optional>

using namespace cm;
using namespace cm::test;
using namespace cm::storage;
using core::client_kind;
using core::credential_status;

namespace {

constexpr int many = 20'000;

// The IDs are ASCII, so that statements with them can be read from the server's log.
constexpr std::string_view made_id = "LPAD(seq, 16, '0')";
constexpr std::string_view made_status = "IF(seq % 4000 = 0, 2, IF(seq % 100 = 0, 3, seq % 2))";

void fill_lists(const mariadb_server& server) {
  server.execute("INSERT INTO basic_credential (id, username, password_phc, client_id, status, created_at) SELECT "
                 + std::string{made_id} + ", CONCAT('user-', seq), 'phc', 'c', " + std::string{made_status}
                 + ", 1000000 + seq DIV 7 FROM seq_1_to_" + std::to_string(many));
  server.execute("INSERT INTO x509_credential (id, subject_hash, issuer, serial, client_id, status, created_at) SELECT "
                 + std::string{made_id}
                 + ", UNHEX(SHA2(seq, 256)), ELT(seq % 3 + 1, 'CN=a', 'CN=b+O=c', 'O=c+CN=b'), seq DIV 3, 'c', "
                 + std::string{made_status} + ", 1000000 + seq DIV 7 FROM seq_1_to_" + std::to_string(many));
  server.execute("ANALYZE TABLE basic_credential, x509_credential");
}

std::string text_of(const core::uuid& id) {
  return {reinterpret_cast<const char*>(id.bytes.data()), id.bytes.size()};
}

// The same list, read in the simplest way.
std::vector<std::string> expected_ids(const mariadb_server& server, const list_clients& command, bool& more) {
  std::string sql = "SELECT id FROM ";
  sql += command.kind == client_kind::basic ? "basic_credential" : "x509_credential";
  sql += " WHERE TRUE";
  const auto add_in = [&](std::string_view field, const std::vector<std::string>& values) {
    if (values.empty())
      return;
    sql.append(" AND ").append(field).append(" IN ('',");
    for (const auto& value : values)
      sql.append("'").append(value).append(&value == &values.back() ? "')" : "',");
  };
  std::vector<std::string> statuses;
  for (const auto status : command.statuses)
    statuses.push_back(std::to_string(static_cast<int>(status)));
  if (!statuses.empty())
    statuses.emplace_back("99");
  add_in("CONCAT(status)", statuses);
  add_in("username", command.username ? std::vector{*command.username} : std::vector<std::string>{});
  add_in("issuer", command.issuers);
  add_in("serial", command.serial_number ? std::vector{*command.serial_number} : std::vector<std::string>{});
  if (command.after)
    sql += std::string{" AND (created_at, id) "} + (command.ascending ? ">" : "<") + " ("
           + std::to_string(core::to_unix_ms(command.after->created_at)) + ", '" + text_of(command.after->id) + "')";
  sql += command.ascending ? " ORDER BY created_at, id" : " ORDER BY created_at DESC, id DESC";
  sql += " LIMIT " + std::to_string(command.limit + 1) + " OFFSET " + std::to_string(command.offset);
  std::vector<std::string> ids;
  for (const auto& row : server.query(sql))
    ids.push_back(row.at(0));
  more = ids.size() > command.limit;
  if (more)
    ids.pop_back();
  return ids;
}

// What is wrong with the plan of a statement; empty if nothing is.
std::string faults_of(const mariadb_server& server, const std::string& statement, bool whole_index_is_read) {
  std::string faults;
  for (const auto& row : server.query("EXPLAIN " + statement)) {
    const auto& table = row.at(2);
    if (table.starts_with('<') || table == "NULL")
      continue; // what was read already
    const auto& type = row.at(3);
    const auto& extra = row.at(9);
    const bool scan = type == "ALL" || (type == "index" && !whole_index_is_read);
    if (scan || extra.find("filesort") != std::string::npos || extra.find("temporary") != std::string::npos)
      faults.append(table).append(": ").append(type).append(", ").append(row.at(5)).append(", ").append(extra) += '\n';
  }
  return faults.empty() ? faults : faults + statement;
}

// The same for the statement that was executed last.
std::string faults_of_last(const mariadb_server& server, bool whole_index_is_read) {
  const auto logged = server.query("SELECT argument FROM mysql.general_log WHERE command_type = 'Execute' AND argument "
                                   "LIKE 'SELECT%key_id%' ORDER BY event_time DESC LIMIT 1");
  return logged.size() == 1 ? faults_of(server, logged.front().at(0), whole_index_is_read) : "no statement in the log";
}

// Combinations of filters without the statuses.
std::vector<list_clients> filters_of(client_kind kind) {
  std::vector<list_clients> all(1);
  if (kind == client_kind::basic) {
    all.emplace_back().username = "user-4000";
  } else {
    all.emplace_back().issuers = {"CN=a"};
    all.emplace_back().issuers = {"CN=b+O=c", "O=c+CN=b"};
    all.emplace_back().serial_number = "1333";
    auto& both = all.emplace_back();
    both.issuers = {"O=c+CN=b", "CN=b+O=c"};
    both.serial_number = "1333";
  }
  for (auto& command : all)
    command.kind = kind;
  return all;
}

} // namespace

TEST_CASE("every combination of filters, order and position is read from an index in its order") {
  const storage_fixture f;
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  fill_lists(f.server);
  f.server.execute("SET GLOBAL log_output = 'TABLE'");
  for (const auto* faulty : {"SELECT id FROM basic_credential WHERE status IN (2,3) ORDER BY created_at DESC, id DESC",
                             "SELECT id FROM x509_credential WHERE issuer = 'CN=a' ORDER BY created_at DESC, id DESC"})
    CHECK_FALSE(faults_of(f.server, std::string{faulty} + " LIMIT 20", false).empty());
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  using statuses = std::vector<credential_status>;
  for (auto command : filters_of(kind)) {
    for (const auto& wanted :
         {statuses{}, statuses{credential_status::suspended},
          statuses{credential_status::revoked, credential_status::suspended},
          statuses{credential_status::active, credential_status::suspended, credential_status::revoked}}) {
      for (const int variant : {0, 1, 2, 3, 4, 5}) {
        command.statuses = wanted;
        command.ascending = variant % 2 == 1;
        command.limit = 3;
        command.offset = variant / 2 == 1 ? 2 : 0;
        command.after.reset();
        command.total = counting::bounded;
        if (variant / 2 == 2) {
          core::uuid id;
          std::copy_n("0000000000004000", id.bytes.size(), id.bytes.begin());
          command.after = {core::from_unix_ms(1'000'000 + 4000 / 7), id};
          command.total = counting::none;
        }
        f.server.execute("TRUNCATE mysql.general_log");
        f.server.execute("SET GLOBAL general_log = 1");
        const auto page = must<client_page>(db, command);
        f.server.execute("SET GLOBAL general_log = 0");
        INFO("issuers " << command.issuers.size() << ", serial " << command.serial_number.value_or("-") << ", statuses "
                        << wanted.size() << ", variant " << variant);
        bool more = false;
        const auto expected = expected_ids(f.server, command, more);
        std::vector<std::string> ids;
        for (const auto& item : page.items)
          ids.push_back(text_of(item.id));
        CHECK(ids == expected);
        CHECK(page.next.has_value() == more);
        const bool unfiltered = command.issuers.empty() && !command.serial_number && !command.username;
        CHECK(faults_of_last(f.server, unfiltered && wanted.empty()) == "");
      }
    }
  }
}

TEST_CASE("the pages of a cursor are the whole list, whatever is created and deleted meanwhile") {
  const storage_fixture f;
  session db{f.server.settings()};
  const auto kind = GENERATE(client_kind::basic, client_kind::x509);
  const bool ascending = GENERATE(false, true);
  for (std::uint32_t n = 1; n <= 30; ++n) {
    auto command = client_creation(kind, n);
    command.credential.created_at = core::from_unix_ms(1'000'000 + n / 4); // several at one moment
    static_cast<void>(must<one_client>(db, command));
  }
  list_clients command;
  command.kind = kind;
  command.limit = 4;
  command.ascending = ascending;
  command.total = counting::none;
  const auto remove = [&](const core::uuid& id) {
    delete_client deletion;
    deletion.kind = kind;
    deletion.id = id;
    deletion.at = core::from_unix_ms(2'000'000);
    static_cast<void>(must<deleted_client>(db, deletion));
  };
  std::vector<std::uint32_t> seen;
  for (int pages = 0; pages < 10; ++pages) {
    const auto page = must<client_page>(db, command);
    CHECK(page.total == 0);
    for (const auto& item : page.items)
      seen.push_back(item.id.bytes[3]);
    if (!page.next)
      break;
    command.after = page.next;
    if (pages == 0)
      remove(page.items.front().id);
    if (pages == 1)
      remove(page.items.back().id);
  }
  REQUIRE(seen.size() == 30);
  for (std::uint32_t i = 0; i < 30; ++i)
    CHECK(seen[i] == (ascending ? i + 1 : 30 - i));
}

TEST_CASE("more than 10,000 matches are counted on request only") {
  const storage_fixture f;
  session db{f.server.settings()};
  REQUIRE(db.connect().has_value());
  fill_lists(f.server);
  for (const auto kind : {client_kind::basic, client_kind::x509}) {
    list_clients command;
    command.kind = kind;
    auto page = must<client_page>(db, command);
    CHECK_FALSE(page.total_is_exact);
    CHECK(page.total == max_count + 1);
    command.offset = 15'000;
    page = must<client_page>(db, command);
    CHECK(page.total == 15'021); // at least one follows
    command.offset = many;
    CHECK(must<client_page>(db, command).total == max_count + 1);
    command.total = counting::exact;
    page = must<client_page>(db, command);
    CHECK(page.total == many);
    CHECK(page.total_is_exact);
    command.total = counting::bounded;
    command.statuses = {credential_status::active};
    CHECK(must<client_page>(db, command).total == 10'000);
    CHECK(must<client_page>(db, command).total_is_exact);
  }
}
