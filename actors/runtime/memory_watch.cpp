#include "actors/runtime/memory_watch.hpp"

#include "core/memory/memory_returner.hpp"
#include "core/observability/logging.hpp"

#include <chrono>
#include <memory>

namespace cm::actors {

namespace {

constexpr std::chrono::milliseconds period{5000};

struct memory_watch {
  explicit memory_watch(http::net::io_context& io) : timer(io) {}

  http::steady_timer timer;
  core::memory_returner returner{core::memory_returner::process()};
};

void look_later(const std::shared_ptr<memory_watch>& watch) {
  watch->timer.expires_after(period);
  watch->timer.async_wait([watch](const boost::system::error_code& ec) {
    if (ec)
      return;
    const auto now = std::chrono::steady_clock::now();
    if (watch->returner.due(now)) {
      constexpr std::size_t kib = 1024;
      if (const auto returned = watch->returner.run(now); returned > 0)
        core::logger("cm")->debug(
          "returned {} KiB of memory in {} ms", returned / kib,
          std::chrono::duration_cast<std::chrono::milliseconds>(std::chrono::steady_clock::now() - now).count());
    }
    look_later(watch);
  });
}

} // namespace

void watch_memory(const io_context_ptr& io) {
  look_later(std::make_shared<memory_watch>(*io));
}

} // namespace cm::actors
