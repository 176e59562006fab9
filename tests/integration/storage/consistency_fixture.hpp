// Databases with hand-made inconsistencies, for the tests of the check and of the repair.
#pragma once

#include "catch.hpp"
#include "fixture.hpp"
#include "storage/consistency/consistency.hpp"
#include "storage/consistency/consistency_repair.hpp"

#include <chrono>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace cm::test {

inline storage::consistency_settings kept() {
  return {std::chrono::hours{365 * 24}, std::chrono::hours{7 * 24}};
}

inline std::string literal(const core::uuid& id) {
  return "X'" + hex(id.bytes) + "'";
}

/// One credential made by hand, with its audit rows: any state that a database may be in.
struct hand_made {
  const mariadb_server& server;
  core::uuid id;
  std::chrono::milliseconds age =
    std::chrono::hours{2}; ///< of the next audit row; each is a second younger than the one before

  void audit(const std::string& from, const std::string& to, int channel = 0) {
    server.execute("INSERT INTO credential_audit (credential_id, at, from_status, to_status, channel, actor, "
                   "correlation_id) VALUES ("
                   + literal(id) + ", " + before_now(age) + ", " + from + ", " + to + ", " + std::to_string(channel)
                   + ", '', 'c-" + core::to_string(id) + "')");
    age -= std::chrono::seconds{1};
  }

  /// Writes the revocation of the last audit row.
  void tell() const {
    server.execute(
      "INSERT INTO revocation (kind, application, endpoint_id, ids, to_status, correlation_id, at) SELECT 0, "
      "'app', 'ep-1', CONCAT(REPEAT('x', 16), credential_id), to_status, correlation_id, at FROM "
      "credential_audit WHERE credential_id = "
      + literal(id) + " ORDER BY seq DESC LIMIT 1");
  }

  void token(int status, const std::string& application = "app") const {
    server.execute("INSERT INTO endpoint_token (id, token_hash, application, endpoint_id, status, created_at) VALUES ("
                   + literal(id) + ", UNHEX(SHA2(" + literal(id) + ", 256)), '" + application + "', 'ep-1', "
                   + std::to_string(status) + ", " + before_now(age) + ")");
  }

  void basic(int status) const {
    server.execute("INSERT INTO basic_credential (id, username, password_phc, client_id, status, created_at) VALUES ("
                   + literal(id) + ", HEX(" + literal(id) + "), 'secret-phc', 'client', " + std::to_string(status)
                   + ", " + before_now(age) + ")");
  }

  void x509(int status) const {
    server.execute(
      "INSERT INTO x509_credential (id, subject_hash, issuer, serial, client_id, status, created_at) VALUES ("
      + literal(id) + ", UNHEX(SHA2(" + literal(id) + ", 256)), 'CN=ca', '1', 'client', " + std::to_string(status)
      + ", " + before_now(age) + ")");
  }
};

/// A database with CM's tables, and a connection to it.
struct consistency_fixture : storage_fixture {
  consistency_fixture() {
    storage::session setup{server.settings()};
    REQUIRE(setup.connect().has_value());
    db = connect(server);
  }

  hand_made credential(std::uint32_t number) const { return {server, id_of(number)}; }

  [[nodiscard]] std::vector<storage::inconsistent_row> check(storage::consistency_settings settings = kept()) const {
    std::vector<storage::inconsistent_row> all;
    const auto done =
      storage::check_consistency(*db, settings,
                                 {[&](const storage::inconsistent_row& found) -> storage::outcome<void> {
                                    all.push_back(found);
                                    return {};
                                  },
                                  {}});
    if (!done)
      throw std::runtime_error(done.error().error.detail);
    return all;
  }

  /// "missing-revocation endpoint_token 7", by the numbers of id_of().
  [[nodiscard]] std::vector<std::string> findings(storage::consistency_settings settings = kept()) const {
    std::vector<std::string> out;
    for (const auto& one : check(settings)) {
      auto id = one.id;
      for (std::uint32_t n = 0; n < 100; ++n) {
        if (one.id == core::to_string(id_of(n)))
          id = std::to_string(n);
      }
      out.push_back(std::string{storage::to_string(one.kind)} + ' ' + one.table + ' ' + id);
    }
    return out;
  }

  /// Repairs it.
  [[nodiscard]] storage::repair_result::outcome_kind mend(const storage::inconsistent_row& found) const {
    const auto done = storage::repair(*db, kept(), found);
    if (!done)
      throw std::runtime_error(done.error().error.detail);
    return done->kind;
  }

  std::unique_ptr<storage::connection> db;
};

} // namespace cm::test
