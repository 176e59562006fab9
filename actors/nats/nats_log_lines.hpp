// Decides which events of the NATS connection are logged, so that one outage is a few lines however often it repeats
// itself.
#pragma once

#include "actors/nats/log_throttle.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cm::actors {

/// The lines about the availability of NATS. Losses are logged when their reason is new, and otherwise the first,
/// second, fourth and so on, until a connection has lasted. Not thread-safe.
class nats_outage_lines {
public:
  /// NATS was lost, or an attempt to connect has failed. @return whether to log it
  [[nodiscard]] bool lost(std::string_view why);

  /// NATS is available. @return whether to log it: not after a loss that was not logged
  [[nodiscard]] bool available() noexcept;

  /// The connection has lasted, and NATS is available. @return whether that must still be logged
  [[nodiscard]] bool lasted() noexcept;

  /// The number of losses since a connection lasted.
  [[nodiscard]] std::uint64_t losses() const noexcept { return losses_.count(); }

private:
  static constexpr std::size_t max_reasons = 16; ///< reasons that are remembered

  log_throttle losses_;
  std::set<std::string, std::less<>> reasons_; ///< logged since a connection lasted
  bool logged_ = true;                         ///< the latest loss was logged
  bool owed_ = false;                          ///< NATS is available, and the log does not say so
};

/// The lines about errors that the server or the library reports. Thread-safe.
class nats_error_lines {
public:
  /// @param event_subjects the subjects that CM publishes events on
  explicit nats_error_lines(std::vector<std::string> event_subjects) : event_subjects_(std::move(event_subjects)) {}

  /// The line for an error, or nothing. An error that repeats itself is logged the first, second, fourth time and so
  /// on. All refusals of responses count as the same error: others choose the reply subjects.
  /// @param text as messaging::connection_handlers::async_error receives it
  [[nodiscard]] std::optional<std::string> line_for(std::string_view text);

private:
  std::mutex guard_; ///< of what follows
  std::vector<std::string> event_subjects_;
  log_throttle refused_replies_;
  log_throttle repetitions_;
  std::string last_;
};

} // namespace cm::actors
