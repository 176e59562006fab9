// Returns memory to the operating system after floods, on an I/O loop.
#pragma once

#include "actors/runtime/io_loop.hpp"

namespace cm::actors {

/// Looks every 5 s whether memory can be returned, from now until the loop stops. A return takes some 10 ms of the
/// loop's thread: to be used with a loop that handles no requests of clients.
void watch_memory(const io_context_ptr& io);

} // namespace cm::actors
