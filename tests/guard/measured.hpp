// The function in which callgrind counts instructions.
#pragma once

#include "operations.hpp"

/// Runs the operation `count` times. It is extern "C" and in a source file of its own, so that callgrind can count from
/// its beginning to its end (--toggle-collect, see guard.mjs).
extern "C" void cm_guard_measured(const cm::guard::operation& measured, unsigned count);
