// How a process of cm ends.
#pragma once

namespace cm::actors {

/// Ends the process without exit handlers and without destructors of static objects. Detached threads of CAF and
/// threads of the NATS library cannot be joined, so some may still be running, and they use memory that OpenSSL's exit
/// handler frees. Flushes the log, standard output and standard error first; the caller must have finished everything
/// else. Runs the leak check that a sanitizer would run at exit.
/// @param status exit status of the process
[[noreturn]] void end_process(int status) noexcept;

} // namespace cm::actors
