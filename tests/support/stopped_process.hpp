// Stops a child process as a whole.
#pragma once

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <sys/types.h>
#include <sys/wait.h>
#include <thread>

namespace cm::test {

/// SIGSTOP, and waits until all threads of the child have stopped: they do so one after the other, and a question that
/// is asked too soon would still be answered by one that runs. SIGCONT lets it go on. Throws std::runtime_error when it
/// ended instead, or runs on for two seconds.
inline void stop_process(pid_t child) {
  ::kill(child, SIGSTOP);
  const auto limit = std::chrono::steady_clock::now() + std::chrono::seconds{2};
  // The parent is notified when the last thread has stopped.
  int status = 0;
  while (::waitpid(child, &status, WUNTRACED | WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > limit)
      throw std::runtime_error("a process does not stop");
    std::this_thread::sleep_for(std::chrono::milliseconds{1}); // polling interval
  }
  if (!WIFSTOPPED(status))
    throw std::runtime_error("a process ended that was to be stopped");
}

} // namespace cm::test
