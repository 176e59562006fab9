#include "core/observability/logging.hpp"

#include "core/base/text.hpp"
#include "core/observability/log_format.hpp"

#include <spdlog/async.h>
#include <spdlog/sinks/basic_file_sink.h>
#include <spdlog/sinks/stdout_sinks.h>

#include <array>
#include <atomic>
#include <fcntl.h>
#include <map>
#include <optional>
#include <unistd.h>
#include <utility>
#include <vector>

#if FMT_VERSION / 10000 == 9
template void fmt::detail::vformat_to<char>(buffer<char>&, string_view, format_args, locale_ref);
#endif

namespace cm::core {

namespace {

using level_map = std::map<std::string, spdlog::level::level_enum, std::less<>>;

std::array<std::atomic<std::uint64_t>, spdlog::level::n_levels> line_counts{};

/// Counts the lines by level. Needs no lock, because it has no state besides atomic counters.
class counting_sink final : public spdlog::sinks::sink {
public:
  void log(const spdlog::details::log_msg& msg) override {
    line_counts[static_cast<std::size_t>(msg.level)].fetch_add(1, std::memory_order_relaxed);
  }

  void flush() override {}

  void set_pattern(const std::string& /*pattern*/) override {}

  void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}
};

struct set_up {
  level_map levels;
  std::vector<spdlog::sink_ptr> sinks;
  bool queued = false;
};

spdlog::sink_ptr with_format(spdlog::sink_ptr sink, bool json) {
  sink->set_formatter(detail::make_formatter(json));
  return sink;
}

/// Only set_up_logging and shutdown_logging change it, while no other thread logs.
set_up& current() {
  static set_up instance{
    {}, {std::make_shared<counting_sink>(), with_format(std::make_shared<spdlog::sinks::stderr_sink_mt>(), false)}};
  return instance;
}

std::optional<spdlog::level::level_enum> parse_level(std::string_view name) {
  using namespace spdlog::level;
  constexpr std::array<std::pair<std::string_view, level_enum>, 10> names{{{"trace", trace},
                                                                           {"debug", debug},
                                                                           {"info", info},
                                                                           {"warn", warn},
                                                                           {"warning", warn},
                                                                           {"err", err},
                                                                           {"error", err},
                                                                           {"critical", critical},
                                                                           {"fatal", critical},
                                                                           {"off", off}}};
  for (const auto& [known, level] : names) {
    if (equals_ignoring_case(known, name))
      return level;
  }
  return std::nullopt;
}

spdlog::level::level_enum level_for(const level_map& levels, std::string_view name) {
  for (;;) {
    if (const auto found = levels.find(name); found != levels.end())
      return found->second;
    const auto dot = name.rfind('.');
    if (dot == std::string_view::npos)
      break;
    name = name.substr(0, dot);
  }
  for (const std::string_view root : {"root", "ROOT"}) {
    if (const auto found = levels.find(root); found != levels.end())
      return found->second;
  }
  return spdlog::level::info;
}

expected<spdlog::sink_ptr> open_sink(const std::string& file) {
  if (file.empty())
    return spdlog::sink_ptr{std::make_shared<spdlog::sinks::stdout_sink_mt>()};
  try {
    return spdlog::sink_ptr{std::make_shared<spdlog::sinks::basic_file_sink_mt>(file, false)};
  } catch (const spdlog::spdlog_ex& e) {
    return make_error(errc::invalid, "logging.file '" + file + "' cannot be opened for appending", e.what());
  }
}

} // namespace

expected<void> set_up_logging(const logging_settings& settings, bool stdout_is_terminal) {
  set_up next;
  for (const auto& [name, text] : settings.levels) {
    const auto level = parse_level(text);
    if (!level)
      return make_error(
        errc::invalid,
        fmt::format("logging.level.{}: '{}' is not one of trace, debug, info, warn, error, critical, off", name, text));
    next.levels.emplace(name, *level);
  }
  auto sink = open_sink(settings.file);
  if (!sink)
    return sink.error();
  const bool terminal = stdout_is_terminal && settings.file.empty();
  const bool json = settings.format == log_format::json || (settings.format == log_format::automatic && !terminal);
  next.sinks = {std::make_shared<counting_sink>(), with_format(*sink, json)};
  next.queued = true;

  spdlog::shutdown(); // writes the lines that the previous set-up has queued
  current() = std::move(next);
  spdlog::init_thread_pool(log_queue_length, 1);
  return {};
}

std::shared_ptr<spdlog::logger> logger(std::string_view name) {
  const std::string key{name};
  if (auto known = spdlog::get(key))
    return known;
  const auto& state = current();
  std::shared_ptr<spdlog::logger> created;
  if (state.queued)
    created = std::make_shared<spdlog::async_logger>(key, state.sinks.begin(), state.sinks.end(), spdlog::thread_pool(),
                                                     spdlog::async_overflow_policy::overrun_oldest);
  else
    created = std::make_shared<spdlog::logger>(key, state.sinks.begin(), state.sinks.end());
  created->set_level(level_for(state.levels, name));
  // The logging thread flushes after every line, so that lines before a crash are not lost.
  created->flush_on(spdlog::level::trace);
  try {
    spdlog::register_logger(created);
  } catch (const spdlog::spdlog_ex&) {
    // Another thread has registered it in the meantime.
    if (auto known = spdlog::get(key))
      return known;
  }
  return created;
}

log_count log_counts() noexcept {
  const auto of = [](spdlog::level::level_enum level) {
    return line_counts[static_cast<std::size_t>(level)].load(std::memory_order_relaxed);
  };
  log_count counts{of(spdlog::level::trace), of(spdlog::level::debug), of(spdlog::level::info),
                   of(spdlog::level::warn),  of(spdlog::level::err),   of(spdlog::level::critical)};
  if (const auto pool = spdlog::thread_pool())
    counts.dropped = pool->overrun_counter();
  return counts;
}

void shutdown_logging() {
  spdlog::shutdown();
  current().queued = false;
}

void write_termination_message(std::string_view text, const char* path) noexcept {
  constexpr std::size_t max_length = 4096; // limit of the Kubernetes API, see terminationMessagePath
  auto rest = utf8_prefix(text, max_length);
  const int file = ::open(path, O_WRONLY | O_TRUNC | O_CLOEXEC | O_NONBLOCK);
  if (file < 0)
    return;
  while (!rest.empty()) {
    const auto count = ::write(file, rest.data(), rest.size());
    if (count <= 0)
      break;
    rest.remove_prefix(static_cast<std::size_t>(count));
  }
  ::close(file);
}

} // namespace cm::core
