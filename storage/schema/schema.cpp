#include "storage/schema/schema.hpp"

#include "core/base/text.hpp"
#include "core/base/try.hpp"
#include "core/observability/logging.hpp"
#include "storage/sql/failover.hpp"

#include <algorithm>
#include <atomic>
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
// limited. After the first wait the log says who holds the lock.
constexpr std::string_view take_lock_soon = "SELECT GET_LOCK(CONCAT('cm_schema_', MD5(DATABASE())), 2)";
constexpr std::string_view take_lock = "SELECT GET_LOCK(CONCAT('cm_schema_', MD5(DATABASE())), 10)";
constexpr std::string_view release_lock = "DO RELEASE_LOCK(CONCAT('cm_schema_', MD5(DATABASE())))";
constexpr std::string_view find_holder = "SELECT ID, HOST, TIME, COMMAND FROM information_schema.processlist "
                                         "WHERE ID = IS_USED_LOCK(CONCAT('cm_schema_', MD5(DATABASE())))";

// The server closes the connection that migrates, and so releases its lock, when it has been idle for this long:
// between two statements of a migration a process that works needs milliseconds. A frozen one cannot go on afterwards,
// because it would have to use the connection that was closed.
constexpr std::string_view release_when_idle = "SET SESSION wait_timeout=8";

// Such as ": connection 42 from 10.0.0.7:51234, whose last statement (Sleep) began 5 s ago".
std::string describe_holder(connection& db) {
  const auto found = db.query_node(find_holder);
  if (!found || found->empty())
    return {};
  const auto& row = found->front();
  const auto text = [&](std::size_t column) { return row.at(column).value_or("?"); };
  const auto state = text(3) == "Sleep" ? "idle" : "executing a statement";
  return ": connection " + text(0) + " from " + text(1) + " has the lock, and has been " + state + " for " + text(2)
         + " s";
}

// The sessions of a process wait at the same time: one line in 10 s.
void log_holder(const std::string& holder) {
  constexpr std::chrono::seconds pause{10};
  static std::atomic<core::steady_time> next{core::steady_time::min()};
  const auto now = std::chrono::steady_clock::now();
  auto due = next.load();
  if (now >= due && next.compare_exchange_strong(due, now + pause))
    core::logger("cm.storage")->warn("waiting for another process that is migrating the schema{}", holder);
}

outcome<bool> lock_schema(connection& db) {
  for (const auto statement : {take_lock_soon, take_lock}) {
    CM_TRY(const auto& locked, db.query(statement));
    if (locked.size() == 1 && locked.front().at(0) == "1")
      return true;
    if (statement == take_lock_soon)
      log_holder(describe_holder(db));
  }
  return false;
}

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
  CM_TRY_VOID(db.run(create_record));          // on a node of a cluster: waits for what the others have committed
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
  // Without waiting for the cluster: an outdated answer leads to migrate_schema(), which waits and reads again.
  const auto rows = db.query_node("SELECT version, name, checksum FROM cm_schema_history ORDER BY version");
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
  CM_TRY_VOID(db.run(release_when_idle));
  CM_TRY(const auto locked, lock_schema(db));
  if (!locked)
    return failure{error_class::usable,
                   unavailable_error(db.address() + ": another process is migrating the schema" + describe_holder(db)),
                   0};
  auto result = migrate_locked(db, known, newer);
  // A failure means that the connection has ended, and the lock with it.
  if (auto released = db.run(release_lock); !released && result)
    return released.error();
  return result;
}

core::expected<schema_report> update_schema(const core::database_settings& settings, bool dry_run) {
  const auto known = compiled_migrations();
  auto db = connect_to_any(settings, migration_timeouts(settings));
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
