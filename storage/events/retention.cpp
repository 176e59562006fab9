#include "storage/events/retention.hpp"

#include "core/base/try.hpp"
#include "storage/sql/batch_limits.hpp"
#include "storage/sql/rows.hpp"

#include <algorithm>

namespace cm::storage {

namespace {

// SQL condition for an old row, by the database's clock. One parameter: the retention in milliseconds.
const std::string& is_old() {
  static const std::string text = "at < " + std::string{database_now} + " - ?";
  return text;
}

struct audit_window {
  std::int64_t rows = 0;
  std::int64_t last = 0; ///< highest number; 0 if there are no rows
  std::int64_t old = 0;  ///< number of old rows
};

outcome<audit_window> read_audit_window(connection& db, const prune& request, std::int64_t after) {
  static const std::string text = "SELECT COUNT(*), COALESCE(MAX(seq), 0), COUNT(IF(" + is_old()
                                  + ", 1, NULL)) FROM (SELECT seq, at FROM credential_audit WHERE seq > ? ORDER BY seq "
                                    "LIMIT ?) AS part";
  static constexpr std::array columns{integer_column, integer_column, integer_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, request.audit_retention.count());
  select->bind(1, after);
  select->bind(2, std::int64_t{request.limit});
  audit_window window;
  const auto read = read_rows(*select, [&](const statement& row) {
    window = {row.integer(0), row.integer(1), row.integer(2)};
  });
  CM_TRY_VOID(read);
  return window;
}

outcome<std::uint64_t> delete_audit(connection& db, const prune& request, std::int64_t after, std::int64_t last) {
  static const std::string text =
    "DELETE FROM credential_audit WHERE seq > ? AND seq <= ? AND " + is_old() + " ORDER BY seq LIMIT ?";
  CM_TRY(auto* const erase, db.prepared(text));
  erase->bind(0, after);
  erase->bind(1, last);
  erase->bind(2, request.audit_retention.count());
  erase->bind(3, std::int64_t{request.limit});
  CM_TRY_VOID(erase->execute());
  return erase->affected_rows();
}

outcome<void> prune_audit(connection& db, const prune& request, pruned& done) {
  auto after = static_cast<std::int64_t>(request.audit_after);
  for (std::uint32_t i = 0; i < max_prune_windows && !done.audit_end; ++i) {
    CM_TRY(const auto& window, read_audit_window(db, request, after));
    if (window.old > 0) {
      CM_TRY(const auto deleted, delete_audit(db, request, after, window.last));
      done.audit_rows = deleted;
    }
    after = std::max(after, window.last);
    done.audit_next = static_cast<std::uint64_t>(after);
    done.audit_end = window.rows < std::int64_t{request.limit};
    if (window.old > 0)
      break;
  }
  return {};
}

outcome<std::uint64_t> prune_revocations(connection& db, const prune& request) {
  // An unlocked read, so that users of the outbox need not wait. It is safe: events never return to the outbox.
  static const std::string text =
    "SELECT seq FROM revocation FORCE INDEX (operation) WHERE " + is_old()
    + " AND NOT EXISTS (SELECT 1 FROM event_outbox WHERE event_outbox.seq = revocation.seq) ORDER BY at, seq LIMIT ?";
  static const auto erase_texts = statement_texts("DELETE FROM revocation WHERE seq IN (", "?", ")");
  static constexpr std::array columns{integer_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, request.revocations_retention.count());
  select->bind(1, std::int64_t{request.limit});
  std::vector<std::uint64_t> numbers;
  CM_TRY_VOID(
    read_rows(*select, [&](const statement& row) { numbers.push_back(static_cast<std::uint64_t>(row.integer(0))); }));
  return write_by_number(db, erase_texts, numbers);
}

} // namespace

outcome<pruned> apply(connection& db, const prune& request) {
  if (request.limit == 0 || request.limit > max_page)
    return invalid("a number of rows to delete of none or more than 1000");
  if (request.audit_retention < request.audit_retention.zero()
      || request.revocations_retention < request.revocations_retention.zero())
    return invalid("a negative retention");
  pruned done;
  CM_TRY_VOID(prune_audit(db, request, done));
  CM_TRY(const auto revocations, prune_revocations(db, request));
  done.revocations = revocations;
  return done;
}

} // namespace cm::storage
