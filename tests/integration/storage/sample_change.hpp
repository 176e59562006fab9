// What the changes of several storage tests have in common.
#pragma once

#include "core/base/time.hpp"
#include "core/credentials/change_origin.hpp"

namespace cm::test {

inline constexpr core::timestamp moment = core::from_unix_ms(3'000'000);
inline const core::change_origin origin{core::channel::rest, "operator", "the-change"};

/// Part of the last statement of a change: a block with the actor of its audit row among its parameters.
inline constexpr const char* block_that_commits = "operator";

} // namespace cm::test
