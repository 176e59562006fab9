// Makes endpoint tokens (contract 3.2, kaa.cm.ep-token.length).
#pragma once

#include "core/base/secret.hpp"

#include <cstddef>

namespace cm::core {

inline constexpr std::size_t min_generated_token_length = 8;
inline constexpr std::size_t max_generated_token_length = 255;

/// `length` characters of A-Za-z0-9, each equally likely and independent of the others, from the cryptographic source:
/// about 5.95 bits a character. Any thread.
/// @param length 8 to 255; anything else is a fault of the caller: std::invalid_argument.
[[nodiscard]] secret generate_token(std::size_t length);

} // namespace cm::core
