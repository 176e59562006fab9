#include "core/memory/memory_returner.hpp"

#include <cstdio>
#include <malloc.h>
#include <memory>
#include <unistd.h>
#include <utility>

namespace cm::core {

namespace {

std::size_t resident_bytes() {
  const auto close = [](std::FILE* file) { std::fclose(file); };
  const std::unique_ptr<std::FILE, decltype(close)> file{std::fopen("/proc/self/statm", "re"), close};
  unsigned long pages = 0;                                      // NOLINT(google-runtime-int): for scanf
  if (!file || std::fscanf(file.get(), "%*u %lu", &pages) != 1) // NOLINT(cert-err34-c): the kernel's number
    return 0;
  return pages * static_cast<std::size_t>(::sysconf(_SC_PAGESIZE));
}

} // namespace

memory_returner::system memory_returner::process() {
#ifdef __GLIBC__
  return {resident_bytes,
          [] {
            const auto heap = ::mallinfo2();
            return heap.uordblks + heap.hblkhd;
          },
          [] { ::malloc_trim(0); }};
#else
  return {[] { return std::size_t{0}; }, [] { return std::size_t{0}; }, [] {}};
#endif
}

memory_returner::memory_returner(system of) : system_(std::move(of)), normal_(system_.resident()) {
  normal_slack_ = slack(normal_);
}

std::size_t memory_returner::slack(std::size_t resident) const {
  const auto used = system_.used();
  return resident > used ? resident - used : 0;
}

bool memory_returner::due(steady_time now) const {
  return now.time_since_epoch().count() >= next_.load(std::memory_order_relaxed)
         && system_.resident() > normal_ + tolerance;
}

std::size_t memory_returner::run(steady_time now) {
  const auto before = system_.resident();
  const auto free = slack(before);
  if (!due(now) || free <= normal_slack_ + tolerance + (before - free) / 10)
    return 0;
  system_.trim();
  next_.store((now + pause).time_since_epoch().count(), std::memory_order_relaxed);
  const auto after = system_.resident();
  const auto returned = before > after ? before - after : 0;
  if (returned < tolerance / 2) // nothing can be returned: this is normal from now on
    normal_slack_ = free;
  return returned;
}

} // namespace cm::core
