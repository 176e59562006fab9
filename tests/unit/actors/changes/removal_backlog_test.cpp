#include "actors/changes/removal_backlog.hpp"
#include "actors/changes/removal_intake.hpp"
#include "catch.hpp"
#include "core/observability/logging.hpp"

#include <thread>

using namespace cm;
using namespace cm::actors;
using std::chrono::milliseconds;
using std::chrono::seconds;

namespace {

using added = removal_backlog::added;

std::vector<std::string> endpoints_of(const std::vector<endpoint_removal>& removals) {
  std::vector<std::string> out;
  for (const auto& removal : removals)
    out.push_back(removal.endpoint_id);
  return out;
}

using names = std::vector<std::string>;

/// An intake whose conditions (full library queue, ending subscription) the test sets.
struct intake_fixture {
  explicit intake_fixture(std::size_t endpoints)
    : backlog(std::make_shared<removal_backlog>(removal_limits{endpoints})) {
    removal_intake_settings settings;
    settings.slice = milliseconds{1};
    settings.last_wait = milliseconds{20};
    settings.announce = [this] { ++announcements; };
    settings.nearly_full = [this] { return nearly_full.load(); };
    settings.ending = [this] { return ending.load(); };
    intake.emplace(backlog, metrics, std::move(settings));
  }

  [[nodiscard]] std::uint64_t lost() const { return metrics->all_lost(); }

  std::shared_ptr<removal_metrics> metrics = std::make_shared<removal_metrics>();
  std::shared_ptr<removal_backlog> backlog;
  std::atomic<int> announcements{0};
  std::atomic<bool> nearly_full{false};
  std::atomic<bool> ending{false};
  std::optional<removal_intake> intake;
};

} // namespace

TEST_CASE("endpoints leave the backlog in order of arrival, and count until they are done") {
  removal_backlog backlog;
  for (const auto* id : {"a", "b", "c"})
    CHECK(backlog.add(id, std::string("c-") + id) == added::queued);
  CHECK(backlog.take(2) == std::vector<endpoint_removal>{{"a", "c-a"}, {"b", "c-b"}});
  CHECK(backlog.size() == 3);
  backlog.done("a");
  backlog.done("b");
  CHECK(endpoints_of(backlog.take(10)) == names{"c"});
  backlog.done("c");
  CHECK(backlog.size() == 0);
  CHECK(backlog.bytes() == 0);
  CHECK(backlog.take(1).empty());
}

TEST_CASE("an endpoint in the queue is not queued twice and keeps its first correlation ID") {
  removal_backlog backlog;
  CHECK(backlog.add("a", "first") == added::queued);
  CHECK(backlog.add("a", "second") == added::merged);
  CHECK(backlog.size() == 1);
  CHECK(backlog.take(10) == std::vector<endpoint_removal>{{"a", "first"}});
}

TEST_CASE("an endpoint whose event arrives while it is in progress is processed once more afterwards") {
  removal_backlog backlog;
  CHECK(backlog.add("a", "first") == added::queued);
  CHECK(backlog.take(1).size() == 1);
  CHECK(backlog.add("a", "second") == added::queued);
  CHECK(backlog.add("a", "third") == added::merged);
  CHECK(backlog.take(1).empty());
  backlog.done("a");
  CHECK(backlog.take(1) == std::vector<endpoint_removal>{{"a", "second"}});
  backlog.done("a");
  CHECK(backlog.size() == 0);
  CHECK(backlog.bytes() == 0);
}

TEST_CASE("an endpoint that is put back is taken first, and covers the event that arrived meanwhile") {
  removal_backlog backlog;
  for (const auto* id : {"a", "b", "c"})
    CHECK(backlog.add(id, "first") == added::queued);
  CHECK(backlog.take(2).size() == 2);
  CHECK(backlog.add("a", "second") == added::queued);
  backlog.put_back("b");
  backlog.put_back("a");
  CHECK(backlog.size() == 3);
  CHECK(backlog.take(10) == std::vector<endpoint_removal>{{"a", "first"}, {"b", "first"}, {"c", "first"}});
  backlog.put_back_all();
  CHECK(backlog.size() == 3);
  for (const auto& removal : backlog.take(10))
    backlog.done(removal.endpoint_id);
  CHECK(backlog.size() == 0);
  CHECK(backlog.bytes() == 0);
}

TEST_CASE("the backlog is bounded in endpoints, including those in progress; a duplicate takes no space") {
  removal_backlog backlog(removal_limits{2});
  CHECK(backlog.add("a", "") == added::queued);
  CHECK(backlog.take(1).size() == 1);
  CHECK(backlog.add("b", "") == added::queued);
  CHECK(backlog.add("c", "") == added::full);
  CHECK(backlog.add("b", "") == added::merged);
  CHECK(backlog.add("a", "") == added::full);
  backlog.done("a");
  CHECK(backlog.add("c", "") == added::queued);
}

TEST_CASE("the backlog is bounded in bytes") {
  removal_backlog backlog(removal_limits{1'000, 2'000});
  const std::string text(255, 'x');
  CHECK(backlog.add("a" + text.substr(1), text) == added::queued);
  CHECK(backlog.bytes() >= 510);
  std::size_t count = 1;
  while (backlog.add(std::to_string(count) + text.substr(3), text) == added::queued)
    ++count;
  CHECK(count < 5);
  CHECK(backlog.bytes() < 3'000);
}

TEST_CASE("wait_for_room returns when an endpoint is done") {
  removal_backlog backlog(removal_limits{1});
  CHECK(backlog.add("a", "") == added::queued);
  CHECK(backlog.take(1).size() == 1);
  const auto started_at = std::chrono::steady_clock::now();
  std::thread worker([&backlog] { backlog.done("a"); });
  backlog.wait_for_room(seconds{10});
  CHECK(std::chrono::steady_clock::now() - started_at < seconds{5});
  CHECK(backlog.add("b", "") == added::queued);
  worker.join();
  backlog.wait_for_room(milliseconds{1});
  CHECK(std::chrono::steady_clock::now() - started_at < seconds{5});
}

TEST_CASE("the remover is notified once, until it takes endpoints") {
  intake_fixture f(100);
  f.intake->take("a", "c-1");
  f.intake->flush();
  f.intake->take("b", "c-1");
  f.intake->flush();
  CHECK(f.announcements == 1);
  f.backlog->announced();
  f.intake->take("b", "c-1"); // nothing new
  f.intake->flush();
  CHECK(f.announcements == 1);
  f.intake->take("c", "c-1");
  f.intake->flush();
  CHECK(f.announcements == 2);
}

TEST_CASE("while the backlog is full the intake notifies the remover and waits") {
  intake_fixture f(1);
  f.intake->take("a", "c-1");
  std::thread remover([&f] {
    while (f.announcements == 0)
      std::this_thread::yield();
    for (const auto& removal : f.backlog->take(1))
      f.backlog->done(removal.endpoint_id);
  });
  f.intake->take("b", "c-1");
  remover.join();
  CHECK(endpoints_of(f.backlog->take(10)) == names{"b"});
  CHECK(f.lost() == 0);
}

TEST_CASE(
  "if the library's queue is nearly full too, endpoints that do not fit into the backlog are lost and counted") {
  intake_fixture f(1);
  f.nearly_full = true;
  for (const auto* id : {"a", "b", "a", "c"})
    f.intake->take(id, "c-1");
  f.intake->flush();
  CHECK(f.metrics->lost[static_cast<std::size_t>(removal_loss::overflow)].value() == 2);
  CHECK(f.lost() == 2);
  CHECK(endpoints_of(f.backlog->take(10)) == names{"a"});
}

TEST_CASE("an ending subscription waits for space for a limited total time, and then loses endpoints that do not fit") {
  intake_fixture f(1);
  f.ending = true;
  f.intake->take("a", "c-1");
  f.intake->take("b", "c-1");
  CHECK(f.lost() == 1);
  const auto started_at = std::chrono::steady_clock::now();
  for (int i = 0; i < 1'000; ++i)
    f.intake->take("c", "c-1");
  CHECK(std::chrono::steady_clock::now() - started_at < seconds{10});
  CHECK(f.lost() == 1'001);
}

TEST_CASE("log lines name fewer lost endpoints if IDs are long, and every endpoint is counted") {
  const auto metrics = std::make_shared<removal_metrics>();
  const auto before = core::log_counts().error;
  {
    removal_losses losses(metrics, removal_loss::stop);
    for (int i = 0; i < 100; ++i)
      losses.add(std::string(255, 'x'));
    for (int i = 0; i < 101; ++i)
      losses.add("short");
  }
  CHECK(core::log_counts().error - before >= 100 / 8 + 2);
  CHECK(metrics->lost[static_cast<std::size_t>(removal_loss::stop)].value() == 201);
}

TEST_CASE("a long correlation ID is truncated to the stored length") {
  intake_fixture f(1);
  f.intake->take("a", std::string(1'000'000, 'x'));
  CHECK(f.backlog->take(1).at(0).correlation_id.size() == 255);
}
