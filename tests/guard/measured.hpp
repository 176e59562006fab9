// The one function that callgrind counts in.
#pragma once

#include "operations.hpp"

/// Runs the operation `count` times. A name without C++ in it and a source of its own: guard.mjs tells callgrind to
/// count from its beginning to its end (--toggle-collect).
extern "C" void cm_guard_measured(const cm::guard::operation& one, unsigned count);
