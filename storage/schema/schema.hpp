// The state of the database's schema, and its migration to the version that this program knows.
#pragma once

#include "core/configuration/settings.hpp"
#include "storage/schema/certificate_identities.hpp"
#include "storage/schema/migrations.hpp"
#include "storage/sql/connection.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cm::storage {

/// How to treat recorded schema versions that this program does not know.
enum class newer_schema : std::uint8_t {
  refused, ///< when a process starts: an old release must not work on a newer schema
  accepted ///< in a running process: a newer release is being rolled out next to it (expand, then contract)
};

/// The database's schema version compared with the known migrations. Views refer to those migrations.
struct schema_status {
  std::uint32_t recorded = 0;        ///< highest recorded version; 0: none
  std::vector<migration> pending;    ///< migrations to apply, by ascending version
  std::string refusal;               ///< why this program must not use this schema; empty if it may
  duplicate_certificates duplicates; ///< found by identities_migration, if it was applied

  [[nodiscard]] bool refused() const noexcept { return !refusal.empty(); }

  [[nodiscard]] bool current() const noexcept { return !refused() && pending.empty(); }
};

/// One row of the table cm_schema_history.
struct recorded_migration {
  std::uint32_t version = 0;
  std::string name;
  std::string checksum;
};

/// Compares the recorded migrations with the known ones. Pure function.
[[nodiscard]] schema_status compare_schema(std::span<const recorded_migration> recorded,
                                           std::span<const migration> known, newer_schema newer);

/// Reads the recorded migrations with one SELECT, without a lock. Without the table, all known migrations are pending.
[[nodiscard]] outcome<schema_status> read_schema(connection& db, std::span<const migration> known, newer_schema newer);

/// Applies the pending migrations, one process at a time (GET_LOCK; the server releases the lock when the connection
/// ends, so a killed process blocks no other, and a frozen one for 8 s after its last statement). Two migrations never
/// run side by side: the lock belongs to the connection that migrates. Each migration can be repeated after a crash in
/// the middle of it.
/// @param db its socket time-out must exceed the duration of the longest migration
/// @return the status before; if another process has held the lock for 12 s: unavailable, and the detail names its
///         connection, as the log does after 2 s
[[nodiscard]] outcome<schema_status> migrate_schema(connection& db, std::span<const migration> known,
                                                    newer_schema newer);

/// The report of `cm migrate`.
struct schema_report {
  std::string server;                ///< host:port
  std::uint32_t recorded = 0;        ///< version before the migration
  std::uint32_t known = 0;           ///< highest version that this program knows
  std::vector<std::string> steps;    ///< for example "0001_endpoint_tokens": applied, or with dry_run pending
  std::string refusal;               ///< not empty: the reason why nothing was done
  duplicate_certificates duplicates; ///< certificates that are stored twice; not looked for with dry_run
};

/// Connects to the first writable host and migrates the schema; with `dry_run` it only reports. Blocks until the
/// migration is complete. For use without a session.
[[nodiscard]] core::expected<schema_report> update_schema(const core::database_settings& settings, bool dry_run);

/// Time-outs of a connection for migrations, which may take long on a large table.
[[nodiscard]] connection_timeouts migration_timeouts(const core::database_settings& settings) noexcept;

} // namespace cm::storage
