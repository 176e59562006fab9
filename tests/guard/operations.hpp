// The operations that the guard counts, with fixed inputs and without randomness.
#pragma once

#include <functional>

namespace cm::guard {

/// An operation that can be run any number of times. Throws if its result is wrong, so that an error is not counted as
/// the operation.
using operation = std::function<void()>;

[[nodiscard]] operation make_decode();        ///< decodes a validation request
[[nodiscard]] operation make_encode();        ///< encodes a response with status 200
[[nodiscard]] operation make_list();          ///< GET of 20 tokens: bytes to request, route, rows to bytes
[[nodiscard]] operation make_create();        ///< POST: bytes to request, route, a new token and its hash, bytes
[[nodiscard]] operation make_validate_hit();  ///< decodes a request, finds it in the cache, encodes the response
[[nodiscard]] operation make_validate_miss(); ///< the same for a token that is not cached yet: hashes and inserts it

} // namespace cm::guard
