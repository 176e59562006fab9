#include "catch.hpp"
#include "core/memory/memory_returner.hpp"

using namespace std::chrono_literals;
using cm::core::memory_returner;

namespace {

constexpr std::size_t mib = std::size_t{1024} * 1024;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr bool sanitized = true;
#elif defined(__has_feature)
constexpr bool sanitized = __has_feature(address_sanitizer) || __has_feature(thread_sanitizer);
#else
constexpr bool sanitized = false;
#endif

/// A process with 10 MiB beside its heap.
struct process {
  std::size_t used = 10 * mib;
  std::size_t free = 0;
  std::size_t stuck = 0; ///< of the free bytes, what a trim cannot return
  int trims = 0;

  memory_returner::system system() {
    return {[this] { return 10 * mib + used + free; }, [this] { return used; },
            [this] {
              ++trims;
              free = stuck;
            }};
  }
};

const cm::core::steady_time begin{1h};

} // namespace

TEST_CASE("memory is returned when a flood has ended, not during it") {
  process p;
  memory_returner returner{p.system()};
  CHECK_FALSE(returner.due(begin));
  p.used += 100 * mib;
  CHECK(returner.due(begin));
  CHECK(returner.run(begin) == 0);
  CHECK(p.trims == 0);
  p.used -= 100 * mib;
  p.free += 100 * mib;
  CHECK(returner.run(begin + 5s) == 100 * mib);
  CHECK(p.trims == 1);
  CHECK_FALSE(returner.due(begin + 60s));
}

TEST_CASE("memory is returned every 10 s at most") {
  process p;
  memory_returner returner{p.system()};
  p.free = 50 * mib;
  CHECK(returner.run(begin) == 50 * mib);
  p.free = 50 * mib;
  CHECK_FALSE(returner.due(begin + 9s));
  CHECK(returner.run(begin + 9s) == 0);
  CHECK(returner.run(begin + 10s) == 50 * mib);
}

TEST_CASE("a little free memory stays, and so does what cannot be returned") {
  process p;
  memory_returner returner{p.system()};
  p.free = 4 * mib;
  CHECK(returner.run(begin) == 0);
  p.used += 100 * mib;
  p.free = 14 * mib; // less than 4 MiB and a tenth of what is used
  CHECK(returner.run(begin) == 0);
  CHECK(p.trims == 0);
  p.free = p.stuck = 40 * mib;
  CHECK(returner.run(begin) == 0);
  CHECK(p.trims == 1);
  CHECK(returner.run(begin + 20s) == 0);
  CHECK(p.trims == 1);
  p.free = 60 * mib;
  CHECK(returner.run(begin + 40s) == 20 * mib);
}

TEST_CASE("the process can be asked for its own memory") {
  const auto own = memory_returner::process();
  CHECK(own.resident() > mib);
  if (!sanitized) // the sanitizers' allocator does not tell
    CHECK(own.used() > 0);
  own.trim();
}
