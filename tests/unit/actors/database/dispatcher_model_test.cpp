// Compares the dispatcher with a simple model of its contract, through thousands of random steps.
#include "actors/interfaces/storage_job.hpp"
#include "catch.hpp"
#include "storage_fixtures.hpp"

#include <map>
#include <random>
#include <set>

using namespace cm;
using namespace cm::actors;
using namespace cm::test;
using core::errc;

namespace {

class model {
public:
  model(std::size_t workers, unsigned seed) : workers_(workers), random_(seed), dispatcher_(settings(workers)) {}

  void step() {
    switch (pick(12)) {
    case 0:
    case 1:
    case 2:
      add_lookup();
      break;
    case 3:
      add_command();
      break;
    case 4:
      if (pick(4) == 0)
        add_probe();
      else
        refused_uses_ += dispatcher_.add(first_uses(pick(500), 1 + pick(80)));
      break;
    case 5:
      dispatcher_.connected(pick(workers_), pick(4) != 0);
      break;
    case 6:
    case 7:
      take_work();
      break;
    case 8:
    case 9:
      finish_one();
      break;
    case 10:
      pass_time();
      break;
    default:
      fail();
      break;
    }
    REQUIRE(dispatcher_.waiting_keys() <= 300);
    REQUIRE(dispatcher_.waiting_commands() <= 40);
    REQUIRE(dispatcher_.waiting_activations() <= 150);
  }

  // Connects all workers and completes all requests.
  void end() {
    for (std::size_t i = 0; i < workers_; ++i)
      dispatcher_.connected(i, true);
    for (int round = 0; round < 200; ++round) {
      now_ += seconds{1};
      take_work();
      while (!busy_.empty())
        finish_one(0, true);
      if (round == 100)
        take(dispatcher_.expire(now_ + std::chrono::hours{1}));
    }
    CHECK(open_.empty());
    CHECK(dispatcher_.idle());
    CHECK(dispatcher_.waiting_keys() == 0);
    CHECK(refused_uses_ > 0);
    CHECK(outcomes_
          == std::set{errc::none, errc::unavailable, errc::internal, errc::conflict}); // and never errc::expired
  }

private:
  struct open_request {
    std::vector<core::token_hash> keys; ///< of a look-up
    core::steady_time deadline;
    std::optional<core::uuid> creation{}; ///< of a token with that ID
    std::optional<std::string> login{};   ///< of that username
  };

  static dispatcher_settings settings(std::size_t workers) {
    auto out = pool_of(workers);
    out.lookup_queue = 300;
    for (auto& limits : out.classes)
      limits.entries = 10;
    out.activation_queue = 150;
    out.activation_batch = 64;
    return out;
  }

  std::size_t pick(std::size_t below) { return random_() % below; }

  core::steady_time soon() { return now_ + milliseconds{1 + pick(2000)}; }

  void add_probe() {
    const auto deadline = soon();
    open_.emplace(dispatcher_.add_probe(deadline), open_request{{}, deadline});
  }

  void add_lookup() {
    std::vector<core::token_hash> requested;
    const auto count = 1 + pick(pick(5) == 0 ? 150 : 10);
    for (std::size_t i = 0; i < count; ++i)
      requested.push_back(key(pick(2) == 0 ? pick(40) : 980 + pick(40)));
    const auto waited = dispatcher_.waiting_keys();
    const auto deadline = soon();
    const auto id = dispatcher_.add({requested, deadline}, now_);
    REQUIRE(id.has_value() == (waited + count <= 300));
    if (id.has_value())
      open_.emplace(*id, open_request{std::move(requested), deadline});
  }

  void add_command() {
    const auto deadline = soon();
    const auto number = ++last_creation_;
    const auto username = pick(5) == 0 ? "unknown" : "user-" + std::to_string(number);
    open_request request{{}, deadline};
    auto job = command_job(deadline);
    switch (pick(4)) {
    case 0:
      job = creation_job(number, deadline);
      request.creation = id_of(number);
      break;
    case 1:
      job = login_job(username, deadline);
      request.login = username;
      break;
    case 2:
      job = revocation_job(deadline);
      break;
    default:
      break;
    }
    const auto which = class_of(job->command);
    const auto keys = which == work_class::authentication ? dispatcher_.waiting_keys() : 0;
    const auto waited = dispatcher_.waiting(which) - keys;
    const auto id = dispatcher_.add(std::move(job), now_);
    REQUIRE(id.has_value() == (waited < 10));
    if (id.has_value())
      open_.emplace(*id, std::move(request));
  }

  void take_work() {
    for (auto& work : take_all(dispatcher_, now_)) {
      for (const auto& other : busy_)
        REQUIRE(other.worker != work.worker);
      if (const auto* find = lookup_in(*work.payload))
        REQUIRE((!find->hashes.empty() && find->hashes.size() <= 64));
      if (const auto* activate = activation_in(*work.payload))
        REQUIRE((!activate->items.empty() && activate->items.size() <= 64));
      busy_.push_back(std::move(work));
    }
    take(dispatcher_.take_late());
  }

  void finish_one() {
    if (!busy_.empty())
      finish_one(pick(busy_.size()), false);
  }

  void finish_one(std::size_t index, bool success) {
    const auto work = std::move(busy_[index]);
    busy_.erase(busy_.begin() + static_cast<std::ptrdiff_t>(index));
    const std::vector<storage_result_ptr> results{answer_to(work.payload->command), answer_to(work.payload->command),
                                                  failure(errc::unavailable),       failure(errc::expired),
                                                  failure(errc::conflict),          answer_to(storage::ping{})};
    take(dispatcher_.finished(work.job, results[success ? 0 : pick(results.size())]));
    if (pick(3) == 0)
      take(dispatcher_.finished(work.job, results[0]), true); // a duplicate result
  }

  void pass_time() {
    now_ += milliseconds{pick(400)};
    take(dispatcher_.expire(now_));
    for (const auto& [id, requested] : open_)
      REQUIRE(requested.deadline > now_);
  }

  void fail() {
    if (pick(4) == 0) {
      take(dispatcher_.refuse_waiting("down"));
      return;
    }
    const auto worker = pick(workers_);
    take(dispatcher_.lost(worker));
    // A later result of the lost worker is ignored.
    for (auto work = busy_.begin(); work != busy_.end();) {
      if (work->worker != worker) {
        ++work;
        continue;
      }
      take(dispatcher_.finished(work->job, answer_to(work->payload->command)), true);
      work = busy_.erase(work);
    }
  }

  void take(const std::vector<storage_dispatcher::completion>& done, bool nothing_expected = false) {
    if (nothing_expected)
      REQUIRE(done.empty());
    for (const auto& completion : done) {
      const auto request = open_.find(completion.id);
      REQUIRE(request != open_.end()); // it exists, and was not completed before
      REQUIRE(completion.result);
      outcomes_.insert(code_of(completion.result));
      if (!request->second.keys.empty() && completion.result->has_value())
        REQUIRE(found(completion.result, request->second.keys));
      if (request->second.creation && completion.result->has_value()) {
        // Null for the wrong kind of result, which this test also makes.
        const auto* created = std::get_if<storage::created_token>(&**completion.result);
        REQUIRE((created == nullptr || created->token.id == *request->second.creation));
      }
      if (request->second.login && completion.result->has_value()) {
        const auto* found = std::get_if<storage::found_basic>(&**completion.result);
        REQUIRE((found == nullptr || found->password_phc == found_login(*request->second.login).password_phc));
      }
      open_.erase(request);
    }
  }

  std::size_t workers_;
  std::mt19937 random_;
  storage_dispatcher dispatcher_;
  core::steady_time now_ = at(milliseconds{0});
  std::map<ticket, open_request> open_; ///< without a completion yet
  std::vector<storage_dispatcher::dispatch> busy_;
  std::set<errc> outcomes_;
  std::size_t refused_uses_ = 0;
  std::size_t last_creation_ = 0;
};

} // namespace

TEST_CASE("every request to the dispatcher gets exactly one completion, in any order of events") {
  const auto workers = GENERATE(as<std::size_t>{}, 1, 2, 3, 8);
  const auto seed = GENERATE(1U, 20221122U);
  INFO("workers " << workers << ", seed " << seed);
  model m{workers, seed};
  for (int i = 0; i < 20000; ++i)
    m.step();
  m.end();
}
