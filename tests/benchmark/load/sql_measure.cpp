#include "sql_measure.hpp"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <exception>
#include <latch>
#include <mutex>
#include <thread>
#include <vector>

namespace cm::benchmark {

namespace {

using steady = std::chrono::steady_clock;

// State shared by all threads.
struct field {
  std::atomic<std::uint64_t> next{0}; ///< statement
  std::atomic<bool> failed{false};
  std::latch ready;
  std::latch begin{1};
  steady::time_point deadline; ///< set before `begin`

  std::mutex guard; ///< protects the following members
  std::exception_ptr problem;
  std::vector<std::uint32_t> times; ///< ns of each statement
  std::uint64_t done = 0;           ///< rows found or written
  steady::time_point last;

  explicit field(unsigned threads) : ready(threads) {}
};

std::uint32_t nanoseconds(steady::duration time) noexcept {
  constexpr std::int64_t max = 4'000'000'000;
  const auto count = std::chrono::duration_cast<std::chrono::nanoseconds>(time).count();
  return static_cast<std::uint32_t>(std::clamp<std::int64_t>(count, 0, max));
}

void work_off(field& all, sql_work& work, std::uint64_t statements, unsigned keys) {
  std::vector<std::uint32_t> times;
  std::uint64_t done = 0;
  auto last = steady::now();
  while (!all.failed) {
    const auto number = all.next++;
    if (number >= statements)
      break;
    work.prepare(number * keys);
    const auto began = steady::now();
    if (began >= all.deadline)
      break;
    done += work.execute();
    last = steady::now();
    times.push_back(nanoseconds(last - began));
  }
  const std::lock_guard lock(all.guard);
  all.times.insert(all.times.end(), times.begin(), times.end());
  all.done += done;
  all.last = std::max(all.last, last);
}

void remember(field& all, std::exception_ptr problem) {
  const std::lock_guard lock(all.guard);
  if (!all.problem)
    all.problem = std::move(problem);
  all.failed = true;
}

void run_thread(field& all, const sql_options& options, const work_maker& make, std::uint64_t statements) {
  const client_thread library;
  bool counted = false;
  try {
    sql_client client(options);
    const auto work = make(client);
    counted = true;
    all.ready.count_down();
    all.begin.wait();
    work_off(all, *work, statements, options.keys);
  } catch (...) {
    remember(all, std::current_exception());
    if (!counted)
      all.ready.count_down();
  }
}

// The quantile by nearest rank, in µs; `times` is sorted.
double quantile(const std::vector<std::uint32_t>& times, double fraction) {
  if (times.empty())
    return 0;
  const auto rank = std::ceil(fraction * static_cast<double>(times.size()));
  const auto position = std::min(times.size() - 1, static_cast<std::size_t>(std::max(rank, 1.0)) - 1);
  return times[position] / 1'000.0;
}

} // namespace

sql_figures measure(const sql_options& options, std::uint64_t count, const work_maker& make) {
  field all(options.connections);
  const auto statements = count / options.keys;
  steady::time_point began;
  {
    std::vector<std::jthread> threads;
    for (unsigned i = 0; i < options.connections; ++i)
      threads.emplace_back([&] { run_thread(all, options, make, statements); });
    all.ready.wait();
    began = steady::now();
    all.last = began;
    all.deadline = began + std::chrono::duration_cast<steady::duration>(std::chrono::duration<double>(options.seconds));
    all.begin.count_down();
  }
  if (all.problem)
    std::rethrow_exception(all.problem);
  std::sort(all.times.begin(), all.times.end());
  sql_figures figures;
  figures.statements = all.times.size();
  figures.rows = figures.statements * options.keys;
  figures.missing = figures.rows - all.done;
  figures.seconds = std::chrono::duration<double>(all.last - began).count();
  figures.p50 = quantile(all.times, 0.5);
  figures.p99 = quantile(all.times, 0.99);
  figures.p999 = quantile(all.times, 0.999);
  return figures;
}

std::string to_json(const sql_options& options, const sql_figures& figures, const std::string& flush_log_at_commit) {
  const double rate = figures.seconds > 0 ? static_cast<double>(figures.rows) / figures.seconds : 0;
  std::string line(512, '\0');
  const int length = std::snprintf(
    line.data(), line.size(),
    R"({"task":"%s","connections":%u,"keys":%u,"count":%llu,"statements":%llu,"missing":%llu,"seconds":%.6f,)"
    R"("rate":%.1f,"p50":%.2f,"p99":%.2f,"p999":%.2f,"flush_log_at_trx_commit":%s})",
    options.task_name.c_str(), options.connections, options.keys, static_cast<unsigned long long>(figures.rows),
    static_cast<unsigned long long>(figures.statements), static_cast<unsigned long long>(figures.missing),
    figures.seconds, rate, figures.p50, figures.p99, figures.p999, flush_log_at_commit.c_str());
  line.resize(static_cast<std::size_t>(std::max(length, 0)));
  return line;
}

} // namespace cm::benchmark
