// The log: where it goes, its two formats, which logger says how much (contract 3.2, logging.*).
#pragma once

#include "core/base/error.hpp"
#include "core/configuration/settings.hpp"

#include <spdlog/spdlog.h>

#include <cstdint>
#include <initializer_list>
#include <memory>
#include <string>
#include <string_view>

#if FMT_VERSION / 10000 == 9
// Debian 12's {fmt} makes all of its formatting anew in every source that logs, a third of what an actor takes to be
// compiled; here it is made once, in logging.cpp.
extern template void fmt::detail::vformat_to<char>(buffer<char>&, string_view, format_args, locale_ref);
#endif

namespace cm::core {

/// One structured member of a log line; `name` is a constant of ours, `value` may be anything.
struct log_field {
  std::string_view name;
  std::string_view value;
};

/// Structured members of a log line, given as its last argument:
///   log->info("token {} revoked{}", id, log_fields{{"correlationId", correlation_id}, {"actor", actor}});
/// JSON has them as members beside "message"; text as ` [correlationId=… actor=…]`. Fields with an empty value are left
/// out. Copies its arguments.
class log_fields {
public:
  log_fields(std::initializer_list<log_field> fields);

  /// For the formatters only: marked by a random value of this process, so that no text from outside can pass for
  /// fields.
  [[nodiscard]] const std::string& encoded() const noexcept { return encoded_; }

private:
  std::string encoded_;
};

/// Sets up the log, or sets it up anew. To be called once at the start, before other threads log; loggers that were
/// handed out before keep the former set-up and must not be used any more.
///
/// Loggers never block and never grow: a line goes into a ring of log_queue_length slots, one thread of spdlog's writes
/// each line at once. When standard output stalls, the oldest lines are dropped and counted. Synchronous writing would
/// let a stuck reader of a pipe (a container's log driver) stop every actor of CM.
///
/// Without this call a logger writes text on standard error, level INFO, at once.
/// @return errc::invalid for an unknown level name or a file that cannot be opened for appending.
[[nodiscard]] expected<void> set_up_logging(const logging_settings& settings, bool stdout_is_terminal);

/// Slots of the ring, about 400 bytes each.
inline constexpr std::size_t log_queue_length = 8192;

/// The logger of that name, made where it does not exist. Names are hierarchical by dots ("cm.http"); the level is that
/// of the longest configured prefix of whole parts, else of "root", else INFO. Any thread; takes spdlog's lock, so keep
/// the pointer.
[[nodiscard]] std::shared_ptr<spdlog::logger> logger(std::string_view name);

struct log_count {
  std::uint64_t trace = 0;
  std::uint64_t debug = 0;
  std::uint64_t info = 0;
  std::uint64_t warn = 0;
  std::uint64_t error = 0;
  std::uint64_t critical = 0;
  std::uint64_t dropped = 0; ///< lines of any level that the full ring lost since the last set-up
};

/// Lines written since the process began. Any thread.
[[nodiscard]] log_count log_counts() noexcept;

/// Writes out what is queued and ends the writing thread. Loggers asked for later write at once, without a thread.
void shutdown_logging();

/// Replaces the content of the file by the text (cut to 4096 bytes, which is what Kubernetes shows), if the file
/// exists: contract 3.3. Where that fails nothing happens, because there is nobody left to be told.
void write_termination_message(std::string_view text, const char* path = "/dev/termination-log") noexcept;

} // namespace cm::core

template <>
struct fmt::formatter<cm::core::log_fields> : fmt::formatter<fmt::string_view> {
  template <class Context>
  auto format(const cm::core::log_fields& fields, Context& context) const {
    const auto& text = fields.encoded();
    return fmt::formatter<fmt::string_view>::format(fmt::string_view{text.data(), text.size()}, context);
  }
};
