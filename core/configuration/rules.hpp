// What holds between keys, and the values that follow from others.
#pragma once

#include "core/configuration/configuration.hpp"
#include "core/configuration/sources.hpp"

#include <string>
#include <vector>

namespace cm::core::configuration {

/// Share of the memory budget that the cache gets where kaa.cm.cache.max-size is not set: one in `cache_share`.
inline constexpr std::size_t cache_share = 2;

/// Puts in what the schema's rows cannot: defaults of families, and what depends on the machine or other keys.
/// To be called after the rows were applied.
void derive(settings& value);

/// Looks for contradictions between settings that are right one by one.
void check(const settings& value, const source_set& sources, std::vector<problem>& errors,
           std::vector<problem>& warnings);

} // namespace cm::core::configuration
