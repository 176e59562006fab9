// The signals of the process (contract 3.3): handlers from the first line of main, before anything else can go wrong.
#pragma once

namespace cm::core {

/// Installs the handlers of all signals that CM knows, for every command. To be called once, first thing in main.
///
/// SIGTERM, SIGINT, SIGHUP and SIGQUIT are recorded: each writes its number as one byte to signal_descriptor(). A
/// second SIGTERM or SIGINT ends the process at once, with 128 plus its number, in the handler itself: it needs no
/// thread that still works. SIGUSR1, SIGUSR2, SIGALRM and SIGPIPE are ignored. Without handlers the kernel would drop
/// the signals of a process with PID 1.
void install_signal_handlers() noexcept;

/// For a command that does not wait for signals itself: from now on SIGTERM, SIGINT, SIGHUP and SIGQUIT end the process
/// at once, with a line on standard error and the status 128 plus the number; so does one that was recorded before.
/// SIGHUP and SIGINT remain ignored if they were ignored when the process started (nohup, background jobs of a shell).
void end_on_signals() noexcept;

/// A non-blocking descriptor that becomes readable when a signal was recorded. Read single bytes: each is a number.
/// Successive SIGHUP and SIGQUIT are merged until take_signal() has returned them. -1 if it could not be created.
[[nodiscard]] int signal_descriptor() noexcept;

/// The number of the next recorded signal; 0 if there is none. Does not block. One thread at a time.
[[nodiscard]] int take_signal() noexcept;

/// Whether SIGTERM or SIGINT was received. Any thread.
[[nodiscard]] bool stop_requested() noexcept;

/// If this process has PID 1, the kernel makes it the parent of orphans: has the kernel reap them when they end, and
/// reaps those that have ended. CM starts no processes of its own. No effect otherwise.
void reap_orphans() noexcept;

} // namespace cm::core
