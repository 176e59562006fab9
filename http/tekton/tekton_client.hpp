// Reads the platform's applications and their versions from Tekton's REST API (contract section 4.6).
#pragma once

#include "core/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace cm::http {

/// Maximum size of one response of Tekton (one page), in bytes.
inline constexpr std::size_t max_tekton_response = std::size_t{4} * 1024 * 1024;

/// Application name -> names of its versions.
using application_versions = std::map<std::string, std::set<std::string>>;

/// Reads all applications. Blocks the calling thread for at most `timeout` in total, plus the time of the name
/// resolution, which the system's resolver limits.
/// @param url Tekton's base URL (kaa.tekton.url), http only: "http://tekton", "http://host:8080/prefix"
/// @return errc::invalid for an unusable URL (https too); errc::unavailable if Tekton does not respond in time,
///   responds with another status than 200, or does not return a list of applications
[[nodiscard]] core::expected<application_versions> read_applications(const std::string& url,
                                                                     std::chrono::milliseconds timeout);

} // namespace cm::http
