// The waits of one connection for its server: bounded by an absolute deadline, whatever arrives in between.
#pragma once

#include "core/base/time.hpp"
#include "storage/sql/error.hpp"

#include <chrono>
#include <functional>
#include <string>

struct st_mysql;

namespace cm::storage {

/// Asked every 100 ms while the server sends nothing. @return whether to go on waiting; otherwise the connection is
/// shut down and the exchange fails
using silence_watch = std::function<bool(std::chrono::milliseconds silent)>;

/// Runs the calls of the client library that talk to the server, by its non-blocking interface: the library says what
/// it waits for, and this class waits. The library's own time-outs restart with every piece of data, so a server that
/// sends slowly could hold a thread without limit. At the deadline the socket is shut down, and the call fails like one
/// on a lost connection. Not thread-safe.
class exchange {
public:
  /// @param handle must outlive this object, and be in non-blocking mode
  explicit exchange(st_mysql* handle) noexcept : handle_(handle) {}

  /// Limit of each call, from its begin. 0: none.
  void limit_each(std::chrono::milliseconds time) noexcept { each_ = time; }

  /// All calls end by this time.
  void limit_all(core::steady_time deadline) noexcept { all_ = deadline; }

  /// A call fails after it has received nothing for this long. 0: no limit.
  void limit_silence(std::chrono::milliseconds time) noexcept { silence_ = time; }

  /// Called on this thread, from within run(). May use other connections, but not this one. Empty: none.
  void watch(silence_watch watch) { watch_ = std::move(watch); }

  /// One call: `start` and `resume` are the library's …_start and …_cont.
  template <class Start, class Resume>
  void run(Start start, Resume resume) {
    begin();
    for (int status = start(); status != 0;)
      status = resume(wait(status));
  }

  /// Why CM has shut the connection down; empty if it has not.
  [[nodiscard]] const std::string& cut_because() const noexcept { return cut_because_; }

  /// Shuts the socket down: this and every further call fails at once.
  void cut(std::string why);

private:
  void begin() noexcept;
  [[nodiscard]] int wait(int status);
  [[nodiscard]] bool judge(core::steady_time now);
  [[nodiscard]] std::chrono::milliseconds patience(core::steady_time now) const;

  st_mysql* handle_;
  std::chrono::milliseconds each_{0};
  std::chrono::milliseconds silence_{0};
  core::steady_time all_ = core::steady_time::max();
  silence_watch watch_;
  core::steady_time deadline_{}; ///< of the current call
  core::steady_time last_data_{};
  std::string cut_because_;
};

/// The failure of a call, with the reason if CM itself has ended the connection: then it is always of kind broken.
[[nodiscard]] failure with_reason(failure problem, const exchange& waits);

} // namespace cm::storage
