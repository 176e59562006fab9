// Logging: destination, text and JSON formats, levels by logger (contract 3.2, logging.*).
#pragma once

#include "core/base/error.hpp"
#include "core/configuration/settings.hpp"

#include <spdlog/spdlog.h>

#include <cstdint>
#include <initializer_list>
#include <map>
#include <memory>
#include <string>
#include <string_view>

#if FMT_VERSION / 10000 == 9
// Debian 12's {fmt} instantiates all of its formatting code in every source file that logs, which is a third of the
// compile time of an actor. Instantiated once, in logging.cpp.
extern template void fmt::detail::vformat_to<char>(buffer<char>&, string_view, format_args, locale_ref);
#endif

namespace cm::core {

/// One structured field of a log line. `name` must be a constant; `value` may be untrusted text.
struct log_field {
  std::string_view name;
  std::string_view value;
};

/// Structured fields of a log line, passed as its last argument:
///   log->info("token {} revoked{}", id, log_fields{{"correlationId", correlation_id}, {"actor", actor}});
/// In JSON they become members beside "message"; in text ` [correlationId=… actor=…]`. Fields with an empty value are
/// omitted. Copies its arguments.
class log_fields {
public:
  log_fields(std::initializer_list<log_field> fields);

  /// For the formatters only. Marked with a random value of this process, so that untrusted text cannot forge fields.
  [[nodiscard]] const std::string& encoded() const noexcept { return encoded_; }

private:
  std::string encoded_;
};

/// Sets up logging, or replaces the previous set-up. Call it once at start, before other threads log. Loggers that were
/// obtained earlier keep the previous set-up and must not be used any more.
///
/// Loggers never block and use bounded memory: a line goes into a ring buffer of log_queue_length slots, and one spdlog
/// thread writes and flushes each line. If the output stalls, the oldest lines are dropped and counted. With
/// synchronous writing, a stuck reader of standard output (a container's log driver) would stop all actors of CM.
///
/// Before this call loggers write text synchronously to standard error, level INFO.
/// @return errc::invalid for an unknown level name or a file that cannot be opened for appending
[[nodiscard]] expected<void> set_up_logging(const logging_settings& settings, bool stdout_is_terminal);

/// Slots of the ring buffer, about 400 bytes each.
inline constexpr std::size_t log_queue_length = 8192;

/// Returns the logger with that name; creates it if there is none. Names form a hierarchy by dots ("cm.http"). The
/// level is that of the nearest configured ancestor, else of "root", else INFO. Thread-safe; takes spdlog's registry
/// lock, so keep the pointer.
[[nodiscard]] std::shared_ptr<spdlog::logger> logger(std::string_view name);

/// Replaces the levels (logging.level.*) of all loggers, also of those that were obtained before. Thread-safe.
/// @return errc::invalid for an unknown level name; then all levels stay
[[nodiscard]] expected<void> set_log_levels(const std::map<std::string, std::string>& levels);

/// Opens logging.file again, after it was moved. Lines that other threads log meanwhile go to the old file or to the
/// new one. Blocks on the file system.
/// @return whether there is a log file; errc::invalid if it cannot be opened: the log continues in the old file
[[nodiscard]] expected<bool> reopen_log_file();

struct log_count {
  std::uint64_t trace = 0;
  std::uint64_t debug = 0;
  std::uint64_t info = 0;
  std::uint64_t warn = 0;
  std::uint64_t error = 0;
  std::uint64_t critical = 0;
  std::uint64_t dropped = 0; ///< lines of any level that the full ring buffer dropped since the last set-up
};

/// Lines written since the process started. Thread-safe.
[[nodiscard]] log_count log_counts() noexcept;

/// Writes the queued lines and stops the logging thread. Loggers that are obtained later write synchronously. Call it
/// when no other thread logs any more.
void shutdown_logging();

/// Replaces the content of the file by the text, if the file exists (contract 3.3). Truncates the text to 4096 bytes,
/// the limit of Kubernetes. Ignores failures: at this point of the shutdown they cannot be reported.
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
