// The beans that the Jolokia agent serves: equivalents of the JVM beans that monitoring expects, and CM's own.
#pragma once

#include "core/configuration/settings.hpp"
#include "http/management/metrics_source.hpp"
#include "http/management/object_name.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace cm::http {

struct managed_bean {
  object_name name;
  std::string description;
  boost::json::object attributes; ///< all are read-only
};

/// docs/metrics.md documents the beans and attributes.
[[nodiscard]] std::vector<managed_bean> collect_beans(const metrics_source& from,
                                                      const core::management_settings& settings);

} // namespace cm::http
