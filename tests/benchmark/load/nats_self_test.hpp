// What the load generator's own arithmetic is checked with.
#pragma once

namespace cm::benchmark {

/// Prints what is wrong; 0 when nothing is.
[[nodiscard]] int self_test();

} // namespace cm::benchmark
