// What the monitoring agent shows: the beans that monitoring of a JVM asks for, as far as CM has the like, and its own.
#pragma once

#include "core/configuration/settings.hpp"
#include "http/management/metric_families.hpp"
#include "http/management/object_name.hpp"

#include <boost/json/object.hpp>

#include <string>
#include <vector>

namespace cm::http {

struct managed_bean {
  object_name name;
  std::string description;
  boost::json::object attributes; ///< all can be read and none written
};

/// docs/metrics.md says what stands for what.
[[nodiscard]] std::vector<managed_bean> collect_beans(const metrics_source& from,
                                                      const core::management_settings& settings);

} // namespace cm::http
