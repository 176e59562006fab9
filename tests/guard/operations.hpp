// What the guard counts, one function each; with fixed inputs and no chance in them.
#pragma once

#include <functional>

namespace cm::guard {

/// One operation, ready to be run any number of times. Throws where its answer is not the right one: what is counted
/// must be the work and not an error.
using operation = std::function<void()>;

[[nodiscard]] operation make_decode();        ///< a request for a validation from its bytes
[[nodiscard]] operation make_encode();        ///< the answer 200 into its bytes
[[nodiscard]] operation make_list();          ///< GET of 20 tokens: bytes to request, route, rows to bytes
[[nodiscard]] operation make_create();        ///< POST: bytes to request, route, a new token and its hash, bytes
[[nodiscard]] operation make_validate_hit();  ///< a request's bytes, found in the cache, the answer's bytes
[[nodiscard]] operation make_validate_miss(); ///< the same for a token that is not there yet: hashed and put in

} // namespace cm::guard
