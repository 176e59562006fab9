// Generates endpoint tokens (contract 3.2, kaa.cm.ep-token.length).
#pragma once

#include "core/base/secret.hpp"

#include <cstddef>

namespace cm::core {

inline constexpr std::size_t min_generated_token_length = 8;
inline constexpr std::size_t max_generated_token_length = 255;

/// `length` independent, uniformly distributed characters of A-Za-z0-9 from the cryptographic random source: about 5.95
/// bits of entropy per character. Thread-safe.
/// @param length 8 to 255
/// @throws std::invalid_argument for any other length
[[nodiscard]] secret generate_token(std::size_t length);

} // namespace cm::core
