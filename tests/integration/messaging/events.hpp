// Records the events of a connection and a subscription, so that a test can wait for them.
#pragma once

#include "messaging/nats/connection.hpp"
#include "messaging/nats/subscription.hpp"

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <string>
#include <vector>

namespace cm::test {

/// Maximum time that a test waits; generous enough for sanitizers and busy machines.
inline constexpr std::chrono::seconds patience{60};

/// All events so far. Handlers share ownership, because the library's threads may outlive the test's stack frame.
struct seen {
  int connected = 0;
  int disconnected = 0;
  int reconnected = 0;
  int closed = 0;
  core::error why_closed;
  std::vector<std::string> errors;
  int slow = 0;
  std::string slow_subject;
  std::uint64_t slow_dropped = 0;
  std::vector<std::string> payloads;
  std::vector<std::size_t> batches;
  bool at_gate = false;
  int completed = 0;
};

class events : public std::enable_shared_from_this<events> {
public:
  static std::shared_ptr<events> make() { return std::make_shared<events>(); }

  [[nodiscard]] messaging::connection_handlers handlers();
  [[nodiscard]] messaging::batch_sink sink();
  [[nodiscard]] std::function<void()> completion();

  /// Waits until the condition holds; returns false after the maximum time.
  [[nodiscard]] bool wait(const std::function<bool(const seen&)>& condition, std::chrono::milliseconds time = patience);

  [[nodiscard]] seen now();

  void change(const std::function<void(seen&)>& how);

private:
  std::mutex mutex_;
  std::condition_variable changed_;
  seen seen_;
};

} // namespace cm::test
