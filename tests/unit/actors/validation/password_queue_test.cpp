#include "actors/validation/password_queue.hpp"
#include "catch.hpp"

#include <optional>
#include <vector>

using namespace cm::actors;
using namespace std::chrono_literals;
using cm::core::steady_time;

namespace {

constexpr steady_time queue_start{100h};
constexpr auto check_time = 30ms;

/// Runs the checks of one or more workers in virtual time, and notes when each job is told.
class queue_simulation {
public:
  explicit queue_simulation(password_queue_limits limits) : queue_(limits), free_at_(limits.workers, queue_start) {}

  void add(std::uint64_t job, password_class of, bool right = false) {
    right_[job] = right;
    if (!queue_.add(job, of, now_, now_ + 5s))
      told_[job] = {now_, true};
  }

  /// Until everything is told.
  void run() {
    for (; now_ < queue_start + 20s; now_ += 1ms)
      step();
  }

  struct outcome {
    steady_time at;
    bool refused = false;
  };

  std::optional<outcome> told(std::uint64_t job) const {
    const auto found = told_.find(job);
    return found == told_.end() ? std::nullopt : std::optional{found->second};
  }

  std::chrono::milliseconds after(std::uint64_t job) const {
    const auto found = told(job);
    REQUIRE(found.has_value());
    return std::chrono::duration_cast<std::chrono::milliseconds>(found->at - queue_start);
  }

private:
  void step() {
    std::erase_if(running_, [this](const auto& item) {
      if (item.second > now_)
        return false;
      if (queue_.finished(item.first, !right_[item.first], now_) == password_queue::release::now)
        told_[item.first] = {now_, false};
      return true;
    });
    while (running_.size() < free_at_.size()) {
      const auto job = queue_.next(now_);
      if (!job)
        break;
      running_.emplace_back(*job, now_ + check_time);
    }
    for (const auto& due : queue_.take_due(now_))
      told_[due.job] = {now_, due.refused};
    for (const auto& late : queue_.take_expired(now_))
      told_[late.job] = {now_, late.refused};
  }

  password_queue queue_;
  std::vector<steady_time> free_at_;
  steady_time now_ = queue_start;
  std::vector<std::pair<std::uint64_t, steady_time>> running_;
  std::map<std::uint64_t, bool> right_;
  std::map<std::uint64_t, outcome> told_;
};

} // namespace

TEST_CASE("returning logins are checked first, then right passwords of known usernames, then unknown usernames") {
  queue_simulation pool({.workers = 1});
  for (std::uint64_t job = 1; job <= 20; ++job)
    pool.add(job, password_class::unnamed);
  pool.add(100, password_class::named, true);
  pool.add(101, password_class::returning, true);
  pool.run();
  CHECK(pool.after(101) == check_time);
  CHECK(pool.after(100) == 2 * check_time);
  CHECK(pool.after(1) == 3 * check_time);
}

TEST_CASE("neither logins nor new passwords of operators keep the other out, and both precede unknown usernames") {
  queue_simulation pool({.workers = 1});
  for (std::uint64_t job = 1; job <= 100; ++job) {
    pool.add(job, password_class::returning, true);
    pool.add(1000 + job, password_class::created, true);
    pool.add(2000 + job, password_class::unnamed);
  }
  pool.run();
  CHECK(pool.after(1) == check_time);
  CHECK(pool.after(1001) == 4 * check_time); // the queue of new passwords is not waited for
  CHECK(pool.after(100) <= 134 * check_time);
  CHECK(pool.after(1020) <= 80 * check_time);
  CHECK(pool.after(2001) > 150 * check_time);
}

TEST_CASE("a queue of new passwords that is full refuses no login") {
  password_queue queue({.workers = 1, .returning = 1, .named = 1, .created = 1, .unnamed = 1, .withheld = 1});
  CHECK(queue.add(1, password_class::created, queue_start, queue_start + 5s));
  CHECK_FALSE(queue.add(2, password_class::created, queue_start, queue_start + 5s));
  CHECK(queue.add(3, password_class::returning, queue_start, queue_start + 5s));
}

TEST_CASE("a wrong password is told when an unknown username would have been refused, however many wait") {
  for (const std::size_t workers : {1U, 2U, 3U}) {
    for (const std::uint64_t before : {0U, 1U, 2U, 5U, 40U, 100U}) {
      std::vector<std::chrono::milliseconds> times;
      for (const auto of : {password_class::named, password_class::unnamed}) {
        queue_simulation pool({.workers = workers});
        for (std::uint64_t job = 1; job <= before; ++job)
          pool.add(job, password_class::unnamed);
        pool.add(1000, of);
        pool.run();
        REQUIRE(pool.told(1000));
        CHECK_FALSE(pool.told(1000)->refused);
        times.push_back(pool.after(1000));
      }
      CAPTURE(workers, before, times[0].count(), times[1].count());
      // The phases of several workers differ by less than one check_time.
      CHECK(times[0] >= times[1] - check_time);
      CHECK(times[0] <= times[1] + (workers == 1 ? 0ms : check_time));
      if (workers == 1 || before == 0)
        CHECK(times[0] == times[1]);
    }
  }
}

TEST_CASE(
  "without room, unknown usernames and wrong passwords are refused at the same moment, right ones told at once") {
  queue_simulation pool({.workers = 1, .unnamed = 10});
  for (std::uint64_t job = 1; job <= 10; ++job)
    pool.add(job, password_class::unnamed);
  pool.add(100, password_class::unnamed);
  pool.add(101, password_class::named, false);
  pool.add(102, password_class::named, true);
  pool.run();
  CHECK(pool.told(100)->refused);
  CHECK(pool.told(101)->refused);
  CHECK(pool.after(100) == 500ms);
  CHECK(pool.after(101) == 500ms);
  CHECK_FALSE(pool.told(102)->refused);
  CHECK(pool.after(102) == 2 * check_time);
}

TEST_CASE("in a flood of unknown usernames every genuine login is checked within a few checks") {
  queue_simulation pool({.workers = 1});
  std::uint64_t job = 0;
  for (int i = 0; i < 1000; ++i)
    pool.add(++job, password_class::unnamed);
  for (std::uint64_t genuine = 10'000; genuine < 10'049; ++genuine)
    pool.add(genuine, password_class::named, true);
  pool.run();
  for (std::uint64_t genuine = 10'000; genuine < 10'049; ++genuine) {
    REQUIRE(pool.told(genuine));
    CHECK_FALSE(pool.told(genuine)->refused);
    CHECK(pool.after(genuine) <= 50 * check_time);
  }
}

TEST_CASE("every queue is bounded, and jobs beyond the bounds are refused at once") {
  password_queue queue({.workers = 1, .returning = 1, .named = 1, .unnamed = 1, .withheld = 1});
  CHECK(queue.add(1, password_class::returning, queue_start, queue_start + 5s));
  CHECK_FALSE(queue.add(2, password_class::returning, queue_start, queue_start + 5s));
  CHECK(queue.add(3, password_class::unnamed, queue_start, queue_start + 5s));
  CHECK(queue.add(4, password_class::unnamed, queue_start, queue_start + 5s)); // withheld
  CHECK_FALSE(queue.add(5, password_class::unnamed, queue_start, queue_start + 5s));
  CHECK_FALSE(queue.add(6, password_class::named, queue_start, queue_start + 5s));
}

TEST_CASE("at its deadline an unknown username is refused, and a known one that was not checked is not") {
  password_queue queue({.workers = 1});
  REQUIRE(queue.add(1, password_class::unnamed, queue_start, queue_start + 1s));
  REQUIRE(queue.add(2, password_class::named, queue_start, queue_start + 1s));
  REQUIRE(queue.add(3, password_class::returning, queue_start, queue_start + 2s));
  CHECK(queue.take_expired(queue_start + 999ms).empty());
  for (const auto& late : queue.take_expired(queue_start + 1s)) {
    CAPTURE(late.job);
    CHECK(late.refused == (late.job == 1));
  }
  CHECK(queue.next(queue_start + 1s) == 3);
  CHECK_FALSE(queue.next(queue_start + 1s));
}
