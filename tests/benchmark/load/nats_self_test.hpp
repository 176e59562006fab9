// Self-test of the load generator's arithmetic.
#pragma once

namespace cm::benchmark {

/// Prints errors. Returns 0 if there are none.
[[nodiscard]] int self_test();

} // namespace cm::benchmark
