// The read-only part of the Jolokia protocol (version 7.2), JMX as JSON over HTTP (contract section 7.4).
#pragma once

#include "http/management/managed_beans.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace cm::http {

/// Maximum number of requests in one bulk request.
inline constexpr std::size_t max_bulk_requests = 100;

/// The data that the agent serves.
struct jolokia_source {
  const std::vector<managed_bean>& beans;
  std::string_view version; ///< of CM
  std::string_view instance;
  core::timestamp now{};
};

/// Whether the path is /jolokia or below it.
[[nodiscard]] bool is_jolokia_path(const request_head& request) noexcept;

/// Handles GET with the request in the path (`/jolokia/read/java.lang:type=Memory/HeapMemoryUsage/used`; within a
/// segment, `!/` is a slash and `!!` an exclamation mark) and POST with one JSON object or an array of them. Supports
/// `version`, `list`, `search` and `read`, the latter with several attributes, name patterns, paths with wildcards and
/// `ignoreErrors`; refuses `write`, `exec` and `notification` with 403. As in Jolokia, the HTTP
/// status is always 200, and `status` in each JSON response is the result. Methods other than GET, HEAD and POST: 405.
[[nodiscard]] response answer_jolokia(const request& incoming, const jolokia_source& from);

} // namespace cm::http
