// Derived values, and checks that involve several keys.
#pragma once

#include "core/configuration/configuration.hpp"
#include "core/configuration/sources.hpp"

#include <string>
#include <vector>

namespace cm::core::configuration {

/// If kaa.cm.cache.max-size is not set, the cache gets the memory budget divided by this.
inline constexpr std::size_t cache_share = 2;

/// Sets the values that the rows of the schema cannot: defaults of key families, and defaults that depend on the
/// machine or on other keys. Call it after the rows have been applied.
void derive(settings& value);

/// Reports contradictions between settings that are valid individually, and unsafe settings.
void check(const settings& value, const source_set& sources, std::vector<problem>& errors,
           std::vector<problem>& warnings);

} // namespace cm::core::configuration
