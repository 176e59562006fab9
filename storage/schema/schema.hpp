// The state of the database's schema, and its way to the one this program knows.
#pragma once

#include "core/configuration/settings.hpp"
#include "storage/schema/migrations.hpp"
#include "storage/sql/connection.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace cm::storage {

/// What to make of recorded versions that this program does not know.
enum class newer_schema : std::uint8_t {
  refused, ///< at the start of a process: an old release must not work on a new schema
  accepted ///< in a process that runs already: a newer release is being rolled out beside it (expand, then contract)
};

/// What the database's record comes to. Views are of the compiled migrations.
struct schema_status {
  std::uint32_t recorded = 0;     ///< the highest version in the record; 0 for none
  std::vector<migration> pending; ///< to be applied, by rising version
  std::string refusal;            ///< why this program must not work on this schema; empty where it may

  [[nodiscard]] bool refused() const noexcept { return !refusal.empty(); }

  [[nodiscard]] bool current() const noexcept { return !refused() && pending.empty(); }
};

/// One row of the record.
struct recorded_migration {
  std::uint32_t version = 0;
  std::string name;
  std::string checksum;
};

/// Compares the record with the migrations that are known. Pure.
[[nodiscard]] schema_status compare_schema(std::span<const recorded_migration> recorded,
                                           std::span<const migration> known, newer_schema newer);

/// Reads the record: one SELECT and no lock. A database without a record is one where everything is pending.
[[nodiscard]] outcome<schema_status> read_schema(connection& db, std::span<const migration> known, newer_schema newer);

/// Applies what is pending, one process at a time (GET_LOCK, which ends with the connection, so that a killed process
/// blocks nobody). Every step may be run again after a crash in its middle.
/// @param db its socket time-out must be longer than the longest step; the lock is waited for up to 10 s
/// @return the state before; an error of code unavailable when somebody else holds the lock
[[nodiscard]] outcome<schema_status> migrate_schema(connection& db, std::span<const migration> known,
                                                    newer_schema newer);

/// For `cm migrate`: what was or would be done.
struct schema_report {
  std::string server;             ///< host:port
  std::uint32_t recorded = 0;     ///< version before
  std::uint32_t known = 0;        ///< version that this program brings
  std::vector<std::string> steps; ///< "0001_endpoint_tokens": applied, or with dry_run to be applied
  std::string refusal;            ///< not empty: nothing was done, and why
};

/// Connects to the first host that can be written and brings the schema up to date; with `dry_run` only looks.
/// Blocks as long as the migration takes. For use without a session.
[[nodiscard]] core::expected<schema_report> update_schema(const core::database_settings& settings, bool dry_run);

/// Time-outs of a connection that migrates: a step on a large table takes its time.
[[nodiscard]] connection_timeouts migration_timeouts(const core::database_settings& settings) noexcept;

} // namespace cm::storage
