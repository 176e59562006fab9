// How the process of cm leaves.
#pragma once

namespace cm::actors {

/// Ends the process without exit handlers and without the destructors of static objects. CAF's detached threads and
/// those of the NATS library cannot be joined: the last of them may still be ending, and what OpenSSL's exit handler
/// frees they use. The log, standard output and error are written out first; all else is to be before. What a leak
/// sanitizer would look for at the exit is looked for here.
/// @param status what the process ends with
[[noreturn]] void end_process(int status) noexcept;

} // namespace cm::actors
