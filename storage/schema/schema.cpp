#include "storage/schema/schema.hpp"

#include "core/base/text.hpp"
#include "core/base/try.hpp"
#include "storage/sql/failover.hpp"

#include <algorithm>
#include <cstdio>

namespace cm::storage {

namespace {

constexpr unsigned no_such_table = 1146;
constexpr std::chrono::minutes max_step{60};

constexpr std::string_view create_record = "CREATE TABLE IF NOT EXISTS cm_schema_history ("
                                           "version INT UNSIGNED NOT NULL PRIMARY KEY, "
                                           "name VARCHAR(255) NOT NULL, "
                                           "checksum CHAR(64) CHARACTER SET ascii COLLATE ascii_bin NOT NULL, "
                                           "applied_at BIGINT NOT NULL"
                                           ") ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin";

// User locks are global to the server, so the name contains the database; as a digest, because the length of names is
// limited. The wait of 10 s is shorter than any read time-out.
constexpr std::string_view take_lock = "SELECT GET_LOCK(CONCAT('cm_schema_', MD5(DATABASE())), 10)";
constexpr std::string_view release_lock = "DO RELEASE_LOCK(CONCAT('cm_schema_', MD5(DATABASE())))";

std::string file_name(const migration& step) {
  std::array<char, 16> number{};
  std::snprintf(number.data(), number.size(), "%04u", static_cast<unsigned>(step.version));
  return std::string{number.data()} + '_' + std::string{step.name};
}

outcome<void> record_step(connection& db, const migration& step) {
  // User locks do not span a Galera cluster: another process may have recorded the same step on another node.
  static const std::string text =
    "INSERT INTO cm_schema_history (version, name, checksum, applied_at) VALUES (?, ?, ?, "
    "CAST(UNIX_TIMESTAMP(CURRENT_TIMESTAMP(3)) * 1000 AS SIGNED)) "
    "ON DUPLICATE KEY UPDATE version = version";
  CM_TRY(auto* const insert, db.prepared(text));
  insert->bind(0, std::int64_t{step.version});
  insert->bind(1, step.name);
  insert->bind(2, step.checksum);
  return insert->execute();
}

outcome<void> apply_step(connection& db, const migration& step, schema_status& status) {
  for (const auto statement : split_statements(step.sql)) {
    if (auto done = db.run(statement); !done) {
      auto failed = done.error();
      failed.error.detail = "migration " + file_name(step) + ": " + failed.error.detail;
      return failed;
    }
  }
  if (step.name == identities_migration) {
    CM_TRY(status.duplicates, fill_certificate_identities(db));
  }
  return record_step(db, step);
}

outcome<schema_status> migrate_locked(connection& db, std::span<const migration> known, newer_schema newer) {
  CM_TRY_VOID(db.run(create_record));
  auto status = read_schema(db, known, newer); // under the lock: it may have changed since it was read without
  if (!status || status->refused())
    return status;
  for (const auto& step : status->pending)
    CM_TRY_VOID(apply_step(db, step, *status));
  return status;
}

} // namespace

schema_status compare_schema(std::span<const recorded_migration> recorded, std::span<const migration> known,
                             newer_schema newer) {
  schema_status status;
  for (const auto& row : recorded) {
    status.recorded = std::max(status.recorded, row.version);
    const auto same =
      std::find_if(known.begin(), known.end(), [&](const migration& m) { return m.version == row.version; });
    if (same == known.end()) {
      if (newer == newer_schema::refused)
        status.refusal = "the database's schema has version " + std::to_string(row.version) + " (" + row.name
                         + "), which this release does not know; it knows up to "
                         + std::to_string(known.empty() ? 0 : known.back().version)
                         + ": run the release that made it, or a newer one";
    } else if (same->checksum != row.checksum) {
      status.refusal = "migration " + file_name(*same) + " was applied to the database with another content than this "
                       + "release has (checksum " + row.checksum + ", expected " + std::string{same->checksum} + ")";
      return status;
    }
  }
  for (const auto& step : known) {
    if (std::none_of(recorded.begin(), recorded.end(), [&](const auto& row) { return row.version == step.version; }))
      status.pending.push_back(step);
  }
  return status;
}

outcome<schema_status> read_schema(connection& db, std::span<const migration> known, newer_schema newer) {
  std::vector<recorded_migration> recorded;
  const auto rows = db.query("SELECT version, name, checksum FROM cm_schema_history ORDER BY version");
  if (!rows && rows.error().number != no_such_table)
    return rows.error();
  if (rows) {
    for (const auto& row : *rows) {
      const auto version = row.at(0).value_or("0");
      recorded.push_back({core::parse_number<decltype(recorded_migration::version)>(version).value_or(0),
                          row.at(1).value_or(""), row.at(2).value_or("")});
    }
  }
  return compare_schema(recorded, known, newer);
}

outcome<schema_status> migrate_schema(connection& db, std::span<const migration> known, newer_schema newer) {
  // If this machine fails, the server releases the lock after this idle time and not after hours.
  CM_TRY_VOID(db.run("SET SESSION wait_timeout=60"));
  CM_TRY(const auto& locked, db.query(take_lock));
  if (locked.size() != 1 || locked.front().at(0) != "1")
    return failure{error_class::usable, unavailable_error("another process is migrating the schema"), 0};
  auto result = migrate_locked(db, known, newer);
  // A failure means that the connection has ended, and the lock with it.
  if (auto released = db.run(release_lock); !released && result)
    return released.error();
  return result;
}

core::expected<schema_report> update_schema(const core::database_settings& settings, bool dry_run) {
  const auto known = compiled_migrations();
  std::size_t host = 0;
  auto db = connect_to_any(settings, migration_timeouts(settings), host, core::steady_time::max());
  if (!db)
    return db.error().error;
  const auto status =
    dry_run ? read_schema(**db, known, newer_schema::refused) : migrate_schema(**db, known, newer_schema::refused);
  if (!status)
    return status.error().error;
  schema_report report;
  report.duplicates = status->duplicates;
  const auto filled = [](const migration& step) { return step.name == identities_migration; };
  if (!dry_run && !status->refused() && std::none_of(status->pending.begin(), status->pending.end(), filled)) {
    // The release before may have stored certificates since.
    auto found = fill_certificate_identities(**db);
    if (!found)
      return found.error().error;
    report.duplicates = *std::move(found);
  }
  report.server = (*db)->address();
  report.recorded = status->recorded;
  report.known = known.empty() ? 0 : known.back().version;
  report.refusal = status->refusal;
  if (!status->refused()) {
    for (const auto& step : status->pending)
      report.steps.push_back(file_name(step));
  }
  return report;
}

connection_timeouts migration_timeouts(const core::database_settings& settings) noexcept {
  return {settings.connect_timeout, max_step};
}

} // namespace cm::storage
