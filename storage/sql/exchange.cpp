#include "storage/sql/exchange.hpp"

#include <mysql.h>

#include <algorithm>
#include <cerrno>
#include <poll.h>
#include <sys/socket.h>

namespace cm::storage {

namespace {

using std::chrono::milliseconds;

constexpr milliseconds slice{100}; // between two looks at the watch

core::steady_time clock_now() {
  return std::chrono::steady_clock::now();
}

short events_for(int status) {
  int events = 0;
  if ((status & MYSQL_WAIT_READ) != 0)
    events |= POLLIN;
  if ((status & MYSQL_WAIT_WRITE) != 0)
    events |= POLLOUT;
  if ((status & MYSQL_WAIT_EXCEPT) != 0)
    events |= POLLPRI;
  return static_cast<short>(events);
}

// An error or a hang-up is reported to the library as what it waits for: its next read or write finds out.
int ready_for(int status, short found) {
  constexpr int all = MYSQL_WAIT_READ | MYSQL_WAIT_WRITE | MYSQL_WAIT_EXCEPT;
  if ((found & (POLLERR | POLLHUP | POLLNVAL)) != 0)
    return status & all;
  int ready = 0;
  if ((found & POLLIN) != 0)
    ready |= MYSQL_WAIT_READ;
  if ((found & POLLOUT) != 0)
    ready |= MYSQL_WAIT_WRITE;
  if ((found & POLLPRI) != 0)
    ready |= MYSQL_WAIT_EXCEPT;
  return ready & status;
}

// The library reports a time-out if it can; otherwise its next read or write fails, since the socket is shut down.
int failed_for(int status) {
  if ((status & MYSQL_WAIT_TIMEOUT) != 0)
    return MYSQL_WAIT_TIMEOUT;
  return status;
}

std::string in_seconds(milliseconds time) {
  return std::to_string(time.count() / 1000) + '.' + std::to_string(time.count() % 1000 / 100) + " s";
}

} // namespace

void exchange::begin() noexcept {
  last_data_ = clock_now();
  deadline_ = each_.count() == 0 ? all_ : std::min(all_, last_data_ + each_);
}

void exchange::cut(std::string why) {
  if (!cut_because_.empty())
    return;
  cut_because_ = std::move(why);
  if (const auto socket = mysql_get_socket(handle_); socket != MARIADB_INVALID_SOCKET)
    static_cast<void>(::shutdown(socket, SHUT_RDWR));
}

// Until the next look at the limits and at the watch.
milliseconds exchange::patience(core::steady_time now) const {
  auto left = watch_ ? slice : milliseconds{std::chrono::minutes{1}};
  if (deadline_ != core::steady_time::max())
    left = std::min(left, std::chrono::ceil<milliseconds>(deadline_ - now));
  if (silence_.count() != 0)
    left = std::min(left, std::chrono::ceil<milliseconds>(last_data_ + silence_ - now));
  return std::max(left, milliseconds{0});
}

// Cuts the connection if a limit is exceeded. @return whether to go on waiting
bool exchange::judge(core::steady_time now) {
  const auto silent = std::chrono::duration_cast<milliseconds>(now - last_data_);
  if (now >= deadline_)
    cut("its deadline has passed");
  else if (silence_.count() != 0 && silent >= silence_)
    cut("the server has sent nothing for " + in_seconds(silent));
  else if (watch_ && silent >= slice && !watch_(silent))
    cut("the server does not answer on this connection: nothing for " + in_seconds(silent));
  return cut_because_.empty();
}

int exchange::wait(int status) {
  const auto socket = mysql_get_socket(handle_);
  for (;;) {
    if (!cut_because_.empty())
      return failed_for(status);
    pollfd waiting{socket, events_for(status), 0};
    const int found = ::poll(&waiting, 1, static_cast<int>(patience(clock_now()).count()));
    const auto now = clock_now();
    if (found > 0) {
      last_data_ = now;
      // Data that never ends must not keep the call beyond its deadline.
      if (now < deadline_)
        return ready_for(status, waiting.revents);
    }
    if (found < 0 && errno != EINTR)
      cut("the socket cannot be polled");
    static_cast<void>(judge(now));
  }
}

failure with_reason(failure problem, const exchange& waits) {
  if (waits.cut_because().empty())
    return problem;
  auto detail = std::move(problem.error.detail) + "; CM has closed the connection: " + waits.cut_because();
  return {error_class::broken, unavailable_error(std::move(detail)), problem.number};
}

} // namespace cm::storage
