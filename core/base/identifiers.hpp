// Syntax checks for the identifiers of contract section 1. All functions are thread-safe.
#pragma once

#include <cstddef>
#include <string_view>

namespace cm::core {

/// Longest endpoint ID, application name and version that CM stores, in bytes. CM's own limit; the platform defines
/// none.
inline constexpr std::size_t max_identifier_length = 255;

/// Longest endpoint token in bytes.
inline constexpr std::size_t max_token_length = 255;

/// `^[a-zA-Z0-9._~-]+$`, at most max_identifier_length.
[[nodiscard]] bool is_endpoint_id(std::string_view text) noexcept;

/// Application names and versions: `a-z 0-9 - _`, not empty, at most max_identifier_length.
[[nodiscard]] bool is_application_name(std::string_view text) noexcept;

/// Not empty, valid UTF-8, at most max_token_length bytes, no `+ # / .`, no control characters (U+0000–U+001F,
/// U+007F–U+009F).
[[nodiscard]] bool is_endpoint_token(std::string_view text) noexcept;

/// A username or a client ID: not empty, valid UTF-8, at most max_identifier_length, no control characters.
[[nodiscard]] bool is_client_name(std::string_view text) noexcept;

} // namespace cm::core
