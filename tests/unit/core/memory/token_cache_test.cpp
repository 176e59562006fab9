#include "catch.hpp"
#include "core/memory/token_cache.hpp"

#include <map>
#include <random>
#include <string>

using namespace cm;
using namespace std::chrono_literals;
using core::token_cache;

namespace {

const core::token_keyer& keyer() {
  static const core::token_keyer instance;
  return instance;
}

const core::application_tag kettle = core::tag_of_application("smart-kettle");
const core::application_tag lamp = core::tag_of_application("lamp");

core::token_key key(int number) {
  return keyer()("smart-kettle", "token" + std::to_string(number));
}

core::uuid id(int number) {
  core::uuid result;
  result.bytes = {1, 2, 3, 4};
  for (std::size_t i = 0; i < 4; ++i)
    result.bytes.at(15 - i) = static_cast<std::uint8_t>(static_cast<unsigned>(number) >> (8U * i));
  return result;
}

std::string endpoint(int number) {
  auto text = std::to_string(number);
  return std::string(36 - text.size(), 'e') + text;
}

struct fixture {
  explicit fixture(std::size_t bytes = 1U << 20U, std::chrono::milliseconds ttl = 10s) : cache({bytes, ttl}) {
    cache.expire(now);
  }

  void pass(std::chrono::milliseconds time) {
    now += time;
    cache.expire(now);
  }

  void put(int number) { put(number, kettle); }

  void put(int number, core::application_tag application) {
    cache.insert(key(number), application, id(number), endpoint(number), now, cache.generation());
  }

  bool has(int number) {
    const auto found = cache.find(key(number));
    if (found) {
      CHECK(found->id == id(number));
      CHECK(found->endpoint_id == endpoint(number));
    }
    return found.has_value();
  }

  core::steady_time now{1h};
  token_cache cache;
};

} // namespace

TEST_CASE("an entry expires exactly after its time-to-live") {
  fixture f;
  f.put(1);
  CHECK(f.has(1));
  CHECK_FALSE(f.has(2));
  f.pass(9998ms);
  CHECK(f.has(1));
  f.pass(1ms);
  CHECK_FALSE(f.has(1));
  CHECK(f.cache.size() == 0);
}

TEST_CASE("the time-to-live counts from the start of the look-up, not from its result") {
  fixture f;
  const auto asked = f.now;
  f.pass(4s);
  f.cache.insert(key(1), kettle, id(1), endpoint(1), asked, f.cache.generation());
  f.pass(5s);
  CHECK(f.has(1));
  f.pass(1s);
  CHECK_FALSE(f.has(1));
}

TEST_CASE("reading a token again renews its entry") {
  fixture f;
  f.put(1);
  f.pass(8s);
  f.put(1);
  f.pass(8s);
  CHECK(f.has(1));
  CHECK(f.cache.size() == 1);
}

TEST_CASE("find() requests a refresh once per entry, between 5/8 and 7/8 of its time-to-live") {
  fixture f;
  for (int i = 0; i < 100; ++i)
    f.put(i);
  std::map<int, int> asked;
  for (int ms = 0; ms < 9900; ms += 100) {
    for (int i = 0; i < 100; ++i) {
      const auto found = f.cache.find(key(i));
      REQUIRE(found);
      if (!found->refresh)
        continue;
      ++asked[i];
      CHECK(ms >= 6200);
      CHECK(ms <= 8750);
    }
    f.pass(100ms);
  }
  CHECK(asked.size() == 100);
  for (const auto& [number, times] : asked)
    CHECK(times == 1);
}

TEST_CASE("an invalidated token is not found until it is read again") {
  fixture f;
  f.put(1);
  f.put(2);
  f.cache.invalidate(id(1));
  CHECK_FALSE(f.has(1));
  CHECK(f.has(2));
  f.put(1);
  CHECK(f.has(1));
}

TEST_CASE("the result of a look-up that began before the token was invalidated is dropped") {
  fixture f;
  const auto asked_in = f.cache.generation();
  f.cache.invalidate(id(1));
  f.cache.insert(key(1), kettle, id(1), endpoint(1), f.now, asked_in);
  f.cache.insert(key(2), kettle, id(2), endpoint(2), f.now, asked_in);
  CHECK_FALSE(f.has(1));
  CHECK(f.has(2));
  SECTION("also later, as long as the result has not expired") {
    f.pass(9s);
    f.cache.insert(key(1), kettle, id(1), endpoint(1), f.now, asked_in);
    CHECK_FALSE(f.has(1));
  }
}

TEST_CASE("the tokens of a forgotten application are not found until they are read again, those of others are") {
  fixture f;
  f.put(1, lamp);
  f.put(2);
  const auto asked_in = f.cache.generation();
  f.cache.forget(lamp);
  CHECK_FALSE(f.has(1));
  CHECK(f.has(2));
  SECTION("a look-up from before does not bring them back, as long as its result has not expired") {
    f.pass(GENERATE(0ms, 9s));
    f.cache.insert(key(1), lamp, id(1), endpoint(1), f.now, asked_in);
    f.cache.insert(key(3), kettle, id(3), endpoint(3), f.now, asked_in);
    CHECK_FALSE(f.has(1));
    CHECK(f.has(3));
  }
  SECTION("read afterwards, they are found, and may be forgotten again") {
    f.put(1, lamp);
    CHECK(f.has(1));
    f.cache.forget(lamp);
    CHECK_FALSE(f.has(1));
  }
}

TEST_CASE("more forgotten applications than the cache tells apart clear it") {
  fixture f;
  f.put(1);
  for (std::size_t i = 0; i < token_cache::max_forgotten; ++i)
    f.cache.forget(core::tag_of_application("application-" + std::to_string(i)));
  CHECK(f.has(1));
  f.cache.forget(lamp);
  CHECK_FALSE(f.has(1));
  SECTION("but not over more than one time-to-live") {
    for (std::size_t i = 0; i < 3 * token_cache::max_forgotten; ++i) {
      f.put(1);
      f.cache.forget(core::tag_of_application("application-" + std::to_string(i)));
      f.pass(1s);
      CHECK(f.has(1));
    }
  }
}

TEST_CASE("clear() removes all entries and drops the results of earlier look-ups") {
  fixture f;
  f.put(1);
  const auto asked_in = f.cache.generation();
  f.cache.clear();
  CHECK_FALSE(f.has(1));
  CHECK(f.cache.size() == 0);
  f.cache.insert(key(1), kettle, id(1), endpoint(1), f.now, asked_in);
  CHECK_FALSE(f.has(1));
  f.put(1);
  CHECK(f.has(1));
}

TEST_CASE("more revocations within a time-to-live than the capacity clear the cache") {
  fixture f;
  f.put(1);
  for (int i = 0; i < static_cast<int>(core::recent_revocations::capacity); ++i)
    f.cache.invalidate(id(1000 + i));
  CHECK(f.has(1));
  f.cache.invalidate(id(999));
  CHECK_FALSE(f.has(1));
}

TEST_CASE("the moments of revocations may wrap around") {
  core::recent_revocations revocations;
  const std::uint64_t wrap = std::uint64_t{1} << 32U;
  REQUIRE(revocations.add(id(1), wrap - 1));
  REQUIRE(revocations.add(id(2), wrap));
  REQUIRE(revocations.add(id(3), wrap + 5));
  CHECK(revocations.covers(id(1), wrap - 2));
  CHECK_FALSE(revocations.covers(id(1), wrap - 1));
  CHECK_FALSE(revocations.covers(id(1), wrap + 7));
  CHECK(revocations.covers(id(2), wrap - 1));
  CHECK(revocations.covers(id(3), wrap - 1));
  CHECK_FALSE(revocations.covers(id(3), wrap + 5));
  revocations.rotate();
  CHECK(revocations.covers(id(3), wrap - 1));
  revocations.rotate();
  CHECK_FALSE(revocations.covers(id(3), wrap - 1));
  CHECK(revocations.bytes() == 0);
}

TEST_CASE("the cache stays within its memory limit and evicts the oldest entries first") {
  const auto budget = GENERATE(std::size_t{20'000}, std::size_t{65'536}, std::size_t{1'000'000});
  fixture f(budget);
  for (int i = 0; i < 20'000; ++i) {
    f.put(i);
    REQUIRE(f.cache.bytes() <= budget);
    if (i % 64 == 0)
      f.pass(1ms);
  }
  CHECK(f.cache.evicted() > 0);
  CHECK(f.has(19'999));
  CHECK_FALSE(f.has(0));
  int known = 0;
  for (int i = 0; i < 20'000; ++i)
    known += f.has(i) ? 1 : 0;
  CHECK(static_cast<std::size_t>(known) == f.cache.size());
}

TEST_CASE("an entry takes at most 160 bytes including the index, for any number of entries") {
  fixture f(std::size_t{1} << 30U);
  for (int i = 0; i < 300'000; ++i) {
    f.put(i);
    if (i > 20'000 && i % 1000 == 0)
      REQUIRE(f.cache.bytes() <= 160 * f.cache.size());
  }
  CHECK(f.cache.bytes() <= 112 * f.cache.size());
  f.pass(11s);
  CHECK(f.cache.bytes() == 0);
}

TEST_CASE("a cache without memory, or without a time-to-live, is disabled") {
  fixture none(0);
  none.put(1);
  CHECK_FALSE(none.has(1));
  none.cache.invalidate(id(1));
  CHECK(none.cache.bytes() == 0);
  fixture never(1U << 20U, 0ms);
  never.put(1);
  CHECK_FALSE(never.has(1));
  CHECK(never.cache.bytes() == 0);
}

TEST_CASE("token keys: equal for equal tokens, different for others, distinct for texts that are too long") {
  const core::token_keyer other;
  CHECK(keyer()("a", "bc") == keyer()("a", "bc"));
  CHECK_FALSE(keyer()("a", "bc") == keyer()("ab", "c"));
  CHECK_FALSE(keyer()("a", "bc") == other("a", "bc"));
  const std::string longest(255, 'x');
  CHECK_FALSE(keyer()(longest, longest) == keyer()(longest, longest + "x"));
}

// A randomised test against a simple model of what the cache may return.
TEST_CASE("the cache agrees with a model over random sequences of look-ups, revocations, clear() and time") {
  const auto seed = GENERATE(range(1, 13));
  std::mt19937 random(static_cast<unsigned>(seed));
  const auto dice = [&](int sides) { return static_cast<int>(random() % static_cast<unsigned>(sides)); };
  const std::size_t budget = seed % 3 == 0 ? 30'000 : 1U << 22U;
  fixture f(budget, 1000ms);

  struct cached {
    core::steady_time read;
  };

  std::map<int, cached> model;

  struct lookup {
    int number;
    core::steady_time asked;
    core::cache_generation in;
    bool invalidated;
  };

  std::vector<lookup> open;
  for (int step = 0; step < 20'000; ++step) {
    const auto number = dice(600);
    f.cache.prefetch(key(number)); // prefetching never changes the cache
    f.cache.prefetch_entry(key(number));
    switch (dice(12)) {
    case 0:
    case 1:
    case 2:
    case 3:
      open.push_back({number, f.now, f.cache.generation(), false});
      break;
    case 4:
    case 5:
    case 6:
    case 7:
      if (!open.empty()) {
        std::swap(open[static_cast<std::size_t>(dice(static_cast<int>(open.size())))], open.back());
        const auto q = open.back();
        open.pop_back();
        f.cache.insert(key(q.number), kettle, id(q.number), endpoint(q.number), q.asked, q.in);
        if (!q.invalidated && f.now - q.asked < 999ms)
          model[q.number] = {q.asked};
      }
      break;
    case 8:
      f.cache.invalidate(id(number));
      model.erase(number);
      for (auto& q : open)
        q.invalidated = q.invalidated || q.number == number;
      break;
    case 9:
      f.pass(std::chrono::milliseconds{dice(30)});
      break;
    case 10:
      if (dice(200) == 0) {
        f.cache.clear();
        model.clear();
        for (auto& q : open)
          q.invalidated = true;
      }
      break;
    default:
      if (f.has(number)) {
        const auto expected = model.find(number);
        REQUIRE(expected != model.end());
        REQUIRE(f.now - expected->second.read < 1000ms);
      } else if (budget > 1U << 20U && model.contains(number)) {
        REQUIRE(f.now - model[number].read >= 999ms);
      }
    }
    REQUIRE(f.cache.bytes() <= budget);
  }
}
