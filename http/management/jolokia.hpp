// The Jolokia protocol (version 7.2): JMX as JSON over HTTP, as far as it only reads (contract 7.4).
#pragma once

#include "http/management/managed_beans.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <cstddef>
#include <string_view>
#include <vector>

namespace cm::http {

/// Most requests in one array.
inline constexpr std::size_t max_bulk_requests = 100;

/// What the agent answers with.
struct jolokia_source {
  const std::vector<managed_bean>& beans;
  std::string_view version; ///< of CM
  std::string_view instance;
  core::timestamp now{};
};

/// Whether the path is one of the agent's: /jolokia and what is below it.
[[nodiscard]] bool is_jolokia_path(const request_head& request) noexcept;

/// GET with the request in the path (`/jolokia/read/java.lang:type=Memory/HeapMemoryUsage/used`, `!/` for a slash and
/// `!!` for an exclamation mark in a part), POST with one JSON object or an array of them. `version`, `list`, `search`
/// and `read` are answered, `write` and `exec` are refused with 403. As Jolokia does it, the HTTP status is 200 and the
/// `status` of each answer says what became of it; other methods than GET, HEAD and POST are 405.
[[nodiscard]] response answer_jolokia(const request& asked, const jolokia_source& from);

} // namespace cm::http
