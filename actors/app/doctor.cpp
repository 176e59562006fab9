#include "actors/app/doctor.hpp"

#include "core/base/time.hpp"
#include "http/json/json_writer.hpp"
#include "storage/consistency/consistency.hpp"
#include "storage/consistency/consistency_repair.hpp"
#include "storage/schema/migrations.hpp"
#include "storage/schema/schema.hpp"
#include "storage/sql/client_thread.hpp"
#include "storage/sql/failover.hpp"

#include <chrono>
#include <cstdint>
#include <iostream>
#include <memory>
#include <optional>
#include <string>
#include <unistd.h>

namespace cm::actors {

namespace {

using storage::repair_result;

/// The schema version that creates the last of the checked tables. Older databases have nothing to check.
constexpr std::uint32_t needed_schema = 4;

core::exit_status fail(core::exit_status status, const std::string& why) {
  std::cerr << "cm: " << why << '\n';
  return status;
}

std::string text_of(const core::error& problem) {
  return problem.detail.empty() ? problem.message : problem.message + ": " + problem.detail;
}

/// Shows progress in one line of standard error, if that is a terminal, at most ten times per second.
class progress_display {
public:
  void show(const storage::consistency_progress& progress) {
    const auto now = std::chrono::steady_clock::now();
    if (!enabled_ || now < next_)
      return;
    std::cerr << clear << progress.table << ": " << progress.rows << " rows" << std::flush;
    shown_ = true;
    next_ = now + std::chrono::milliseconds{100};
  }

  void hide() {
    if (shown_)
      std::cerr << clear << std::flush;
    shown_ = false;
  }

private:
  static constexpr const char* clear = "\r\x1b[K";

  bool enabled_ = ::isatty(STDERR_FILENO) == 1;
  bool shown_ = false;
  std::chrono::steady_clock::time_point next_{};
};

/// Prints findings, repairs them if requested, and counts both.
class consistency_report {
public:
  consistency_report(storage::connection& db, const storage::consistency_settings& settings,
                     const doctor_options& options)
    : db_(db), settings_(settings), options_(options) {}

  storage::outcome<void> take(const storage::inconsistent_row& found) {
    std::optional<repair_result> repaired;
    if (options_.repair) {
      auto done = storage::repair(db_, settings_, found);
      if (!done && done.error().kind != storage::error_class::retryable)
        return done.error();
      // A retryable error, such as a lock that another session holds: the finding is left to the next run.
      repaired = done
                   ? *std::move(done)
                   : repair_result{repair_result::outcome_kind::manual, "not repaired: " + text_of(done.error().error)};
    }
    ++findings_;
    const bool settled = repaired && repaired->kind != repair_result::outcome_kind::manual;
    if (repaired && repaired->kind == repair_result::outcome_kind::repaired)
      ++repaired_;
    if (!settled)
      ++left_;
    progress_.hide();
    std::cout << (options_.json ? as_json(found, repaired) : as_text(found, repaired)) << '\n';
    return {};
  }

  void progressed(const storage::consistency_progress& progress) {
    if (progress.table != table_) {
      total_ += rows_;
      table_ = progress.table;
    }
    rows_ = progress.rows;
    progress_.show(progress);
  }

  core::exit_status finish() {
    progress_.hide();
    const auto rows = total_ + rows_;
    if (options_.json) {
      http::json_writer out;
      out.begin_object().member_flag("consistent", left_ == 0).member("findings", findings_);
      out.member("repaired", repaired_).member("left", left_).member("checked", rows).end_object();
      std::cout << out.take() << '\n';
    } else {
      std::cout << (left_ == 0 ? "consistent: " : "inconsistent: ") << findings_
                << (findings_ == 1 ? " finding" : " findings");
      if (options_.repair)
        std::cout << ", " << repaired_ << " repaired, " << left_ << " left";
      std::cout << "; " << rows << " credentials and rows were checked\n";
    }
    std::cout.flush();
    return left_ == 0 ? core::exit_status::stopped : core::exit_status::failed;
  }

  void hide_progress() { progress_.hide(); }

private:
  static std::string as_text(const storage::inconsistent_row& found, const std::optional<repair_result>& repaired) {
    std::string line =
      found.table + ' ' + found.id + ": " + std::string{storage::to_string(found.kind)} + ": " + found.text;
    if (found.since)
      line += ", since " + core::to_iso8601(*found.since);
    if (repaired)
      line += (repaired->kind == repair_result::outcome_kind::repaired ? "; repaired: " : "; ") + repaired->text;
    return line;
  }

  static std::string as_json(const storage::inconsistent_row& found, const std::optional<repair_result>& repaired) {
    http::json_writer out;
    out.begin_object().member("table", found.table).member("id", found.id);
    out.member("finding", storage::to_string(found.kind)).member("text", found.text);
    if (found.since)
      out.member("since", core::to_iso8601(*found.since));
    if (repaired)
      out.member_flag("repaired", repaired->kind == repair_result::outcome_kind::repaired)
        .member("repair", repaired->text);
    return out.end_object().take();
  }

  storage::connection& db_;
  storage::consistency_settings settings_;
  doctor_options options_;
  progress_display progress_;
  std::string_view table_;
  std::uint64_t rows_ = 0;  ///< rows of the current table
  std::uint64_t total_ = 0; ///< rows of the finished tables
  std::uint64_t findings_ = 0;
  std::uint64_t repaired_ = 0;
  std::uint64_t left_ = 0; ///< findings that neither were repaired nor have vanished
};

} // namespace

core::exit_status check_consistency(const core::settings& settings, const doctor_options& options) {
  const storage::client_thread thread;
  // Reading a page of a large table may take longer than the time-outs of requests.
  auto db = storage::connect_to_any(settings.database, storage::migration_timeouts(settings.database));
  if (!db)
    return fail(core::exit_status::gave_up, text_of(db.error().error));
  const auto schema = storage::read_schema(**db, storage::compiled_migrations(), storage::newer_schema::accepted);
  if (!schema)
    return fail(core::exit_status::gave_up, text_of(schema.error().error));
  if (schema->refused())
    return fail(core::exit_status::configuration, schema->refusal);
  if (schema->recorded < needed_schema)
    return fail(core::exit_status::configuration, (*db)->address()
                                                    + ": the database has no credentials yet: its schema has version "
                                                    + std::to_string(schema->recorded));

  storage::consistency_settings checked;
  checked.audit_retention = settings.credentials.audit_retention;
  checked.revocations_retention = settings.credentials.revocations_retention;
  consistency_report report{**db, checked, options};
  const auto done = storage::check_consistency(
    **db, checked,
    {[&report](const storage::inconsistent_row& found) { return report.take(found); },
     [&report](const storage::consistency_progress& progress) { report.progressed(progress); }});
  if (!done) {
    report.hide_progress();
    return fail(core::exit_status::gave_up, "the check is not complete: " + text_of(done.error().error));
  }
  return report.finish();
}

} // namespace cm::actors
