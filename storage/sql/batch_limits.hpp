// Bounds of one command: they keep a transaction short and a reply small.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cm::storage {

/// Most items of one batch of look-ups, uses of clients, or creations.
inline constexpr std::size_t max_batch = 64;

/// Most lists of one batch.
inline constexpr std::size_t max_lists = 16;

/// Most first uses of one batch.
inline constexpr std::size_t max_activations = 256;

/// Most lines of one batch of an import.
inline constexpr std::size_t max_import = 500;

/// Most items of one page.
inline constexpr std::uint32_t max_page = 1000;

} // namespace cm::storage
