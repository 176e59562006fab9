#include "core/base/process_signals.hpp"

#include <array>
#include <atomic>
#include <cerrno>
#include <csignal>
#include <cstring>
#include <fcntl.h>
#include <sys/wait.h>
#include <unistd.h>

namespace cm::core {

namespace {

// All state is in lock-free atomics, since handlers run on any thread at any moment.
std::atomic<bool> ends_at_once{false};
std::atomic<unsigned> stops{0};
std::atomic<int> first_signal{0};
std::atomic<bool> hangup_ignored{false};
std::atomic<bool> interrupt_ignored{false};
std::atomic<int> pipe_in{-1};
std::atomic<int> pipe_out{-1};
std::array<std::atomic<bool>, NSIG> merged{}; ///< recorded, and not yet taken

static_assert(std::atomic<bool>::is_always_lock_free && std::atomic<int>::is_always_lock_free);

const char* name_of(int number) noexcept {
  switch (number) {
  case SIGTERM:
    return "SIGTERM";
  case SIGINT:
    return "SIGINT";
  case SIGHUP:
    return "SIGHUP";
  default:
    return "SIGQUIT";
  }
}

// Async-signal-safe.
[[noreturn]] void end_by(int number) noexcept {
  std::array<char, 64> line{};
  std::strcpy(line.data(), "cm: ended by ");
  std::strcat(line.data(), name_of(number));
  std::strcat(line.data(), "\n");
  static_cast<void>(!::write(STDERR_FILENO, line.data(), std::strlen(line.data())));
  ::_exit(128 + number);
}

bool is_ignored_by_parent(int number) noexcept {
  return (number == SIGHUP && hangup_ignored.load()) || (number == SIGINT && interrupt_ignored.load());
}

void record(int number) noexcept {
  const auto byte = static_cast<unsigned char>(number);
  // The pipe never fills: at most two stop signals are recorded, and the others are merged.
  static_cast<void>(!::write(pipe_in.load(), &byte, 1));
}

void handle(int number) noexcept {
  const int error = errno;
  if (ends_at_once.load()) {
    if (!is_ignored_by_parent(number))
      end_by(number);
  } else if (number == SIGTERM || number == SIGINT) {
    if (stops.fetch_add(1) > 0)
      end_by(number);
    first_signal.store(number);
    record(number);
  } else if (!merged[static_cast<std::size_t>(number)].exchange(true)) {
    record(number);
  }
  errno = error;
}

// Returns whether the signal was ignored before.
bool install(int number, void (*handler)(int)) noexcept {
  struct sigaction wanted {};

  wanted.sa_handler = handler;
  wanted.sa_flags = SA_RESTART;
  sigemptyset(&wanted.sa_mask);

  struct sigaction before {};

  return ::sigaction(number, &wanted, &before) == 0 && before.sa_handler == SIG_IGN;
}

} // namespace

void install_signal_handlers() noexcept {
  std::array<int, 2> ends{-1, -1};
  if (::pipe2(ends.data(), O_CLOEXEC | O_NONBLOCK) == 0) {
    pipe_out.store(ends[0]);
    pipe_in.store(ends[1]);
  }
  install(SIGTERM, handle);
  interrupt_ignored.store(install(SIGINT, handle));
  hangup_ignored.store(install(SIGHUP, handle));
  install(SIGQUIT, handle);
  for (const int number : {SIGUSR1, SIGUSR2, SIGALRM, SIGPIPE})
    install(number, SIG_IGN);
  // A parent may have blocked them, and a process inherits that.
  sigset_t all;
  sigemptyset(&all);
  for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGQUIT})
    sigaddset(&all, number);
  ::pthread_sigmask(SIG_UNBLOCK, &all, nullptr);
}

void end_on_signals() noexcept {
  ends_at_once.store(true);
  if (stop_requested() && !is_ignored_by_parent(first_signal.load()))
    end_by(first_signal.load());
  for (const int number : {SIGHUP, SIGQUIT}) {
    if (merged[static_cast<std::size_t>(number)].load() && !is_ignored_by_parent(number))
      end_by(number);
  }
}

int signal_descriptor() noexcept {
  return pipe_out.load();
}

int take_signal() noexcept {
  unsigned char byte = 0;
  const auto from = pipe_out.load();
  if (from < 0 || ::read(from, &byte, 1) != 1 || byte >= merged.size())
    return 0;
  merged[byte].store(false);
  return byte;
}

bool stop_requested() noexcept {
  return stops.load() > 0;
}

void reap_orphans() noexcept {
  if (::getpid() != 1)
    return;

  struct sigaction reaped {};

  reaped.sa_handler = SIG_IGN;
  reaped.sa_flags = SA_NOCLDWAIT;
  sigemptyset(&reaped.sa_mask);
  ::sigaction(SIGCHLD, &reaped, nullptr);
  while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    // Those that had ended before, of a process that has replaced itself by CM.
  }
}

} // namespace cm::core
