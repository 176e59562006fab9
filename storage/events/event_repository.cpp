#include "storage/events/event_repository.hpp"

#include "core/base/try.hpp"
#include "storage/events/revocation_log.hpp"
#include "storage/sql/batch_limits.hpp"
#include "storage/sql/rows.hpp"
#include "storage/sql/transaction.hpp"

namespace cm::storage {

namespace {

// -- claim ---------------------------------------------------------------------------------------------------------

struct outbox_state {
  std::uint64_t pending = 0;
  bool claimable = false;
  std::uint64_t oldest_sequence = 0;
  std::chrono::milliseconds oldest_age{};
};

// Unlocked, so that a claim takes locks only if there is something to claim.
outcome<outbox_state> read_state(connection& db) {
  static const std::string text = "SELECT (SELECT COUNT(*) FROM (SELECT seq FROM event_outbox LIMIT 1000000) AS some), "
                                  "EXISTS (SELECT 1 FROM event_outbox WHERE lease_until < "
                                  + std::string{database_now} + "), COALESCE(first.seq, 0), COALESCE(GREATEST(0, "
                                  + std::string{database_now}
                                  + " - revocation.at), 0) FROM (SELECT MIN(seq) AS seq FROM event_outbox) AS first "
                                    "LEFT JOIN revocation ON revocation.seq = first.seq";
  static constexpr std::array columns{integer_column, integer_column, integer_column, integer_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  outbox_state state;
  const auto read = read_rows(*select, [&](const statement& row) {
    state = {static_cast<std::uint64_t>(row.integer(0)), row.integer(1) != 0,
             static_cast<std::uint64_t>(row.integer(2)), std::chrono::milliseconds{row.integer(3)}};
  });
  CM_TRY_VOID(read);
  return state;
}

outcome<std::vector<std::uint64_t>> lock_claimable(connection& db, std::uint32_t limit) {
  // By the primary key: via the key on the lease, the server would lock all expired rows before it sorts out the
  // oldest.
  static const std::string text = "SELECT seq FROM event_outbox FORCE INDEX (PRIMARY) WHERE lease_until < "
                                  + std::string{database_now} + " ORDER BY seq LIMIT ? FOR UPDATE SKIP LOCKED";
  static constexpr std::array columns{integer_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, std::int64_t{limit});
  std::vector<std::uint64_t> numbers;
  CM_TRY_VOID(
    read_rows(*select, [&](const statement& row) { numbers.push_back(static_cast<std::uint64_t>(row.integer(0))); }));
  return numbers;
}

outcome<std::vector<std::uint64_t>> lease(connection& db, std::uint32_t limit) {
  static const auto texts = statement_texts("UPDATE event_outbox SET lease_until = " + std::string{database_now} + " + "
                                              + std::to_string(outbox_lease.count()) + " WHERE seq IN (",
                                            "?", ")");
  CM_TRY(auto&& begun, transaction::begin(db));
  CM_TRY(auto&& numbers, lock_claimable(db, limit));
  CM_TRY_VOID(write_by_number(db, texts, numbers));
  CM_TRY_VOID(begun.commit());
  return std::move(numbers);
}

const statement_set& events_texts() {
  static const auto texts = statement_texts(
    "SELECT " + std::string{revocation_fields} + " FROM revocation WHERE seq IN (", "?", ") ORDER BY seq");
  return texts;
}

outcome<std::vector<core::revocation>> read_events(connection& db, const statement_set& texts,
                                                   std::span<const std::uint64_t> numbers) {
  std::vector<core::revocation> events;
  events.reserve(numbers.size());
  CM_TRY_VOID(read_by_number(db, texts, revocation_columns, numbers,
                             [&](const statement& row) { events.push_back(read_revocation(row)); }));
  return events;
}

} // namespace

outcome<claimed_events> apply(connection& db, const claim_events& request) {
  if (request.limit > max_claim)
    return invalid("a claim of more than 256 events");
  CM_TRY(const auto& state, read_state(db));
  claimed_events claimed;
  claimed.pending = state.pending;
  claimed.oldest_sequence = state.oldest_sequence;
  claimed.oldest_age = state.oldest_age;
  if (request.limit == 0 || !state.claimable)
    return claimed;
  CM_TRY(const auto& numbers, lease(db, request.limit));
  CM_TRY(auto&& events, read_events(db, events_texts(), numbers));
  claimed.events = std::move(events);
  return claimed;
}

outcome<confirmed_events> apply(connection& db, const confirm_events& request) {
  static const auto texts = statement_texts("DELETE FROM event_outbox WHERE seq IN (", "?", ")");
  if (request.sequences.size() > max_claim)
    return invalid("a confirmation of more than 256 events");
  CM_TRY(const auto removed, write_by_number(db, texts, request.sequences));
  return confirmed_events{removed};
}

// -- list ----------------------------------------------------------------------------------------------------------

namespace {

// The highest number for which no revocation with a lower number can appear later: no uncommitted transaction holds
// one.
outcome<std::int64_t> settled_number(connection& db) {
  static const std::string text = "SELECT COALESCE(MAX(seq), 0) FROM revocation";
  static constexpr std::array columns{integer_column};
  CM_TRY(auto&& begun, transaction::begin(db));
  CM_TRY(const auto& gate, db.query("SELECT id FROM revocation_gate WHERE id = 1 FOR UPDATE"));
  if (gate.size() != 1)
    return impossible("the table revocation_gate has lost its row");
  CM_TRY(auto* const select, db.prepared(text, columns));
  std::int64_t settled = 0;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) { settled = row.integer(0); }));
  CM_TRY_VOID(begun.commit());
  return settled;
}

// The number of the last revocation that a page after `after` can have: one event may name 20,000 tokens, so a page is
// bounded by its IDs too. 0 if there is none.
outcome<std::int64_t> last_of_page(connection& db, const list_revocations& request, std::int64_t settled) {
  static const std::string text =
    "SELECT seq, OCTET_LENGTH(ids) FROM revocation WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?";
  static constexpr std::array columns{integer_column, integer_column};
  CM_TRY(auto* const select, db.prepared(text, columns));
  select->bind(0, static_cast<std::int64_t>(request.after));
  select->bind(1, settled);
  select->bind(2, std::int64_t{request.limit});
  std::int64_t last = 0;
  std::int64_t bytes = 0;
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) {
    bytes += row.integer(1);
    if (last == 0 || bytes <= static_cast<std::int64_t>(request.id_bytes))
      last = row.integer(0);
  }));
  return last;
}

} // namespace

outcome<revocation_page> apply(connection& db, const list_revocations& request) {
  static const std::string text =
    "SELECT " + std::string{revocation_fields} + " FROM revocation WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?";
  if (request.limit == 0 || request.limit > max_page)
    return invalid("a page of none or more than 1000");
  revocation_page page;
  CM_TRY(const auto settled, settled_number(db));
  if (request.after >= static_cast<std::uint64_t>(settled))
    return page;
  CM_TRY(const auto last, last_of_page(db, request, settled));
  if (last == 0)
    return page;
  CM_TRY(auto* const select, db.prepared(text, revocation_columns));
  select->bind(0, static_cast<std::int64_t>(request.after));
  select->bind(1, last);
  select->bind(2, std::int64_t{request.limit});
  CM_TRY_VOID(read_rows(*select, [&](const statement& row) { page.items.push_back(read_revocation(row)); }));
  return page;
}

// -- follow --------------------------------------------------------------------------------------------------------

outcome<found_revocations> apply(connection& db, const find_revocations& request) {
  static const std::string behind = "SELECT seq FROM revocation WHERE seq > ? ORDER BY seq LIMIT ?";
  static const std::string highest = "SELECT seq FROM revocation ORDER BY seq DESC LIMIT 1";
  static constexpr std::array columns{integer_column};
  if (request.limit == 0 || request.limit > max_found_revocations)
    return invalid("none or more than 10,000 numbers of revocations");
  CM_TRY(auto* const select, db.prepared(request.after ? behind : highest, columns));
  if (request.after) {
    select->bind(0, static_cast<std::int64_t>(*request.after));
    select->bind(1, std::int64_t{request.limit});
  }
  found_revocations found;
  CM_TRY_VOID(read_rows(
    *select, [&](const statement& row) { found.sequences.push_back(static_cast<std::uint64_t>(row.integer(0))); }));
  return found;
}

outcome<revocation_page> apply(connection& db, const get_revocations& request) {
  // Not the text of a claim, so that the two can be distinguished in the server's statement statistics.
  static const auto texts = statement_texts("SELECT " + std::string{revocation_fields}
                                              + " FROM revocation FORCE INDEX (PRIMARY) WHERE seq IN (",
                                            "?", ") ORDER BY seq");
  if (request.sequences.size() > max_claim)
    return invalid("more than 256 revocations");
  CM_TRY(auto&& events, read_events(db, texts, request.sequences));
  return revocation_page{std::move(events)};
}

} // namespace cm::storage
