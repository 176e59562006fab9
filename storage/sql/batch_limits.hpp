// Upper limits of one command: they keep transactions short and replies small.
#pragma once

#include <cstddef>
#include <cstdint>

namespace cm::storage {

/// Maximum number of items in a batch of look-ups, client uses or creations.
inline constexpr std::size_t max_batch = 64;

/// Maximum number of lists in a batch.
inline constexpr std::size_t max_lists = 16;

/// Maximum number of first uses in a batch.
inline constexpr std::size_t max_activations = 256;

/// Maximum number of lines in a batch of an import.
inline constexpr std::size_t max_import = 500;

/// Maximum number of items on a page.
inline constexpr std::uint32_t max_page = 1000;

} // namespace cm::storage
