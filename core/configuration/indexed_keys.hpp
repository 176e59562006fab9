// Lists that are written with one key for each element, as Spring permits: nats.urls[0], NATS_URLS_0.
#pragma once

#include "core/configuration/configuration.hpp"
#include "core/configuration/property.hpp"
#include "core/configuration/yaml_file.hpp"

#include <string>
#include <vector>

namespace cm::core::configuration {

/// Replaces the elements of a list by the list, at the position of the first of them: `nats.urls[0]` and `nats.urls[1]`
/// become `nats.urls`. Concerns the lists of the schema: `nats.urls` and the versions of an application. Other keys
/// stay as they are. A missing index, one that is given twice, and elements beside the whole list are errors.
[[nodiscard]] std::vector<file_entry> with_whole_lists(const std::string& file_name, std::vector<file_entry> entries,
                                                       std::vector<problem>& errors);

/// The values of the variables NAME_0, NAME_1 and so on up to the first one that is not set, separated by commas; empty
/// if there is no NAME_0.
[[nodiscard]] std::string list_from_variables(const environment& variables, const std::string& name);

} // namespace cm::core::configuration
