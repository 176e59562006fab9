#include "actors/database/prune_round.hpp"
#include "catch.hpp"

#include <deque>
#include <vector>

using namespace cm;
using namespace cm::actors;

namespace {

constexpr std::uint32_t limit = 10;

/// An audit trail that is pruned as storage::prune does it: in windows of `limit` rows, up to the first window with an
/// old row. Deleted rows remain as gaps.
struct trail {
  enum class row { old, young, deleted };
  std::deque<row> rows;

  void add(std::size_t count, row kind) { rows.insert(rows.end(), count, kind); }

  [[nodiscard]] std::size_t old_rows() const {
    return static_cast<std::size_t>(std::count(rows.begin(), rows.end(), row::old));
  }

  storage::pruned prune(std::uint64_t after) {
    storage::pruned done;
    done.audit_next = after;
    for (std::uint32_t window = 0; window < storage::max_prune_windows && done.audit_rows == 0 && !done.audit_end;
         ++window) {
      std::uint32_t seen = 0;
      auto seq = done.audit_next;
      while (seq < rows.size() && seen < limit) {
        auto& current = rows[seq++]; // row number `seq`, counted from 1
        seen += current == row::deleted ? 0 : 1;
        if (current == row::old) {
          current = row::deleted;
          ++done.audit_rows;
        }
      }
      done.audit_next = seq;
      done.audit_end = seen < limit;
    }
    return done;
  }
};

/// Plays one round. @return the number of its commands
std::size_t play(prune_round& round, trail& rows) {
  for (std::size_t commands = 1;; ++commands) {
    REQUIRE(commands < 10'000);
    if (!round.take(rows.prune(round.after()), limit))
      return commands;
  }
}

} // namespace

TEST_CASE("a round deletes all old rows at the beginning of the trail, and searches a bounded number of rows more") {
  trail rows;
  rows.add(95, trail::row::old);
  rows.add(5000, trail::row::young);
  prune_round round;
  CHECK(play(round, rows) == 10 + 2);
  CHECK(rows.old_rows() == 0);
  CHECK(play(round, rows) == 2);
  CHECK(round.after() == 0);
}

TEST_CASE("old rows behind thousands of young ones are deleted after a proportional number of rounds") {
  trail rows;
  rows.add(4000, trail::row::young);
  rows.add(95, trail::row::old);
  rows.add(300, trail::row::young);
  prune_round round;
  std::size_t rounds = 0;
  for (; rows.old_rows() > 0; ++rounds) {
    REQUIRE(rounds < 4000 / (limit * storage::max_prune_windows) + 2);
    play(round, rows);
  }
  CHECK(rounds > 1);
  SECTION("and the scan restarts after the end of the trail") {
    for (int i = 0; i < 10; ++i)
      play(round, rows);
    rows.rows[4000 + 200] = trail::row::old;
    for (std::size_t i = 0; i <= 60; ++i)
      play(round, rows);
    CHECK(rows.old_rows() == 0);
  }
}

TEST_CASE("a short trail without old rows, or an empty one, costs one command") {
  trail rows;
  prune_round round;
  CHECK(play(round, rows) == 1);
  rows.add(40, trail::row::young);
  CHECK(play(round, rows) == 1);
}

TEST_CASE("a round continues while a command deletes the full number of revocations") {
  prune_round round;
  storage::pruned done;
  done.audit_end = true;
  done.revocations = limit;
  CHECK(round.take(done, limit));
  done.revocations = limit - 1;
  CHECK_FALSE(round.take(done, limit));
}

TEST_CASE("after a failure the next round begins at the start of the trail") {
  trail rows;
  rows.add(5000, trail::row::young);
  prune_round round;
  CHECK(round.take(rows.prune(round.after()), limit));
  CHECK(round.after() > 0);
  round.end();
  CHECK(round.after() == 0);
}
