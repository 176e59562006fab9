// Stops a child process as a whole.
#pragma once

#include <chrono>
#include <csignal>
#include <stdexcept>
#include <sys/types.h>
#include <sys/wait.h>
#include <thread>

namespace cm::test {

/// Sends SIGSTOP and waits until all threads of the child have stopped: they stop one after the other, and a running
/// thread would still answer an early request. SIGCONT resumes it. Throws std::runtime_error if the child ended
/// instead, or has not stopped after two seconds.
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
