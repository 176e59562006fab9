#include "core/observability/logging.hpp"

#include "core/base/text.hpp"
#include "core/base/try.hpp"
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

spdlog::sink_ptr with_format(spdlog::sink_ptr sink, bool json) {
  sink->set_formatter(detail::make_formatter(json));
  return sink;
}

/// The log file. It can be opened again under its name while other threads log: they write to the old file until then.
class reopening_sink final : public spdlog::sinks::sink {
public:
  reopening_sink(std::string file, bool json) : file_(std::move(file)), json_(json) {}

  expected<void> reopen() {
    try {
      file_sink_.store(with_format(std::make_shared<spdlog::sinks::basic_file_sink_mt>(file_, false), json_));
      return {};
    } catch (const spdlog::spdlog_ex& e) {
      return make_error(errc::invalid, "logging.file '" + file_ + "' cannot be opened for appending", e.what());
    }
  }

  void log(const spdlog::details::log_msg& msg) override { file_sink_.load()->log(msg); }

  void flush() override { file_sink_.load()->flush(); }

  void set_pattern(const std::string& /*pattern*/) override {}

  void set_formatter(std::unique_ptr<spdlog::formatter> /*formatter*/) override {}

private:
  std::string file_;
  bool json_;
  std::atomic<spdlog::sink_ptr> file_sink_;
};

struct set_up {
  std::vector<spdlog::sink_ptr> sinks;
  std::shared_ptr<reopening_sink> file; ///< null without logging.file
  bool queued = false;
};

/// Only set_up_logging and shutdown_logging change it, while no other thread logs.
set_up& current() {
  static set_up instance{
    {std::make_shared<counting_sink>(), with_format(std::make_shared<spdlog::sinks::stderr_sink_mt>(), false)}, {}};
  return instance;
}

/// The configured levels. A reload replaces them while other threads log.
std::atomic<std::shared_ptr<const level_map>>& configured_levels() {
  static std::atomic<std::shared_ptr<const level_map>> levels{std::make_shared<const level_map>()};
  return levels;
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

expected<level_map> parse_levels(const std::map<std::string, std::string>& levels) {
  level_map parsed;
  for (const auto& [name, text] : levels) {
    const auto level = parse_level(text);
    if (!level)
      return make_error(
        errc::invalid,
        fmt::format("logging.level.{}: '{}' is not one of trace, debug, info, warn, error, critical, off", name, text));
    parsed.emplace(name, *level);
  }
  return parsed;
}

} // namespace

expected<void> set_up_logging(const logging_settings& settings, bool stdout_is_terminal) {
  CM_TRY(auto levels, parse_levels(settings.levels));
  const bool terminal = stdout_is_terminal && settings.file.empty();
  const bool json = settings.format == log_format::json || (settings.format == log_format::automatic && !terminal);
  set_up next;
  if (settings.file.empty()) {
    next.sinks = {std::make_shared<counting_sink>(),
                  with_format(std::make_shared<spdlog::sinks::stdout_sink_mt>(), json)};
  } else {
    next.file = std::make_shared<reopening_sink>(settings.file, json);
    CM_TRY_VOID(next.file->reopen());
    next.sinks = {std::make_shared<counting_sink>(), next.file};
  }
  next.queued = true;

  spdlog::shutdown(); // writes the lines that the previous set-up has queued
  configured_levels().store(std::make_shared<const level_map>(std::move(levels)));
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
  // The logging thread flushes after every line, so that lines before a crash are not lost.
  created->flush_on(spdlog::level::trace);
  try {
    spdlog::register_logger(created);
  } catch (const spdlog::spdlog_ex&) {
    // Another thread has registered it in the meantime.
    if (auto known = spdlog::get(key))
      return known;
  }
  // After the registration: a reload before it does not know this logger, and a reload after it sets the level again.
  created->set_level(level_for(*configured_levels().load(), name));
  return created;
}

expected<void> set_log_levels(const std::map<std::string, std::string>& levels) {
  CM_TRY(auto parsed, parse_levels(levels));
  configured_levels().store(std::make_shared<const level_map>(std::move(parsed)));
  spdlog::apply_all([now = configured_levels().load()](const std::shared_ptr<spdlog::logger>& known) {
    known->set_level(level_for(*now, known->name()));
  });
  return {};
}

expected<bool> reopen_log_file() {
  const auto& file = current().file;
  if (!file)
    return false;
  CM_TRY_VOID(file->reopen());
  return true;
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
