#include "catch.hpp"
#include "fixture.hpp"
#include "storage/sql/session_settings.hpp"

using namespace cm;
using namespace cm::test;
using namespace cm::storage;

namespace {

// Gives the server's global variables other values for a test; sessions that begin then inherit them.
class global_values {
public:
  global_values(const mariadb_server& server, std::vector<std::pair<std::string, std::string>> values)
    : server_(server) {
    for (const auto& [name, value] : values) {
      before_.emplace_back(name, server_.value("SELECT @@global." + name));
      server_.execute("SET GLOBAL " + name + " = " + value);
    }
  }

  ~global_values() {
    for (const auto& [name, value] : before_) {
      const bool number = !value.empty() && value.find_first_not_of("0123456789") == std::string::npos;
      server_.execute("SET GLOBAL " + name + " = " + (number ? value : "'" + value + "'"));
    }
  }

  global_values(const global_values&) = delete;
  global_values& operator=(const global_values&) = delete;

private:
  const mariadb_server& server_;
  std::vector<std::pair<std::string, std::string>> before_;
};

// Global settings of a server that change the meaning of statements.
std::vector<std::pair<std::string, std::string>> hostile_values() {
  return {{"sql_select_limit", "200"},
          {"completion_type", "'CHAIN'"},
          {"sql_mode", "'ANSI_QUOTES,PIPES_AS_CONCAT,NO_BACKSLASH_ESCAPES'"},
          {"autocommit", "0"},
          {"time_zone", "'+09:00'"},
          {"character_set_client", "'latin1'"},
          {"character_set_results", "'latin1'"},
          {"collation_connection", "'latin1_swedish_ci'"},
          {"unique_checks", "0"},
          {"check_constraint_checks", "0"},
          {"foreign_key_checks", "0"},
          {"init_connect",
           "'SET NAMES latin1, sql_select_limit=3, sql_safe_updates=1, sql_auto_is_null=1, timestamp=86400'"}};
}

} // namespace

TEST_CASE("every session has the values that CM's statements are written for, whatever the server's defaults are") {
  const storage_fixture f;
  const global_values hostile(f.server, hostile_values());
  const auto db = connect(f.server);
  for (const auto& setting : session_settings()) {
    INFO(setting.name);
    CHECK(db->query("SELECT @@session." + std::string{setting.name}).value().at(0).at(0).value_or("NULL")
          == setting.expected);
  }
  CHECK(db->query("SELECT ABS(TIMESTAMPDIFF(SECOND, SYSDATE(), NOW())) <= 1").value().at(0).at(0) == "1");
}

TEST_CASE("a server whose sessions read 200 rows at most keeps none of 350 tokens of an endpoint that is deleted") {
  const storage_fixture f;
  const global_values hostile(f.server, hostile_values());
  session db{f.server.settings()};
  make_tokens(db, 1, 350);
  const auto deleted = must<deleted_tokens>(db, delete_endpoint_tokens{"ep-1", core::from_unix_ms(3'000'000), {}, {}});
  CHECK(deleted.count == 350);
  CHECK(count_of(f.server, "endpoint_token") == 0);
}

TEST_CASE("a username outside the Basic Multilingual Plane is stored unchanged, whatever the server's defaults are") {
  const storage_fixture f;
  const global_values hostile(f.server, hostile_values());
  session db{f.server.settings()};
  auto command = client_creation(core::client_kind::basic, 1);
  command.credential.username = "gateway-\xF0\x9F\x98\x80";
  must<one_client>(db, command);
  CHECK(must<found_basic>(db, find_basic{command.credential.username}).credential.has_value());
}
