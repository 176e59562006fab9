// Reads the platform's applications and their versions from Tekton's REST API (contract 4.6).
#pragma once

#include "core/base/error.hpp"

#include <chrono>
#include <cstddef>
#include <map>
#include <set>
#include <string>

namespace cm::http {

/// Largest answer of Tekton, one page, in bytes.
inline constexpr std::size_t max_tekton_response = std::size_t{4} * 1024 * 1024;

/// Application name -> names of its versions.
using application_versions = std::map<std::string, std::set<std::string>>;

/// Asks for all applications and waits for the answer: for a thread that may block. All steps together end within
/// `timeout`, name resolution excepted, which the system's resolver bounds.
/// @param url Tekton's base URL (kaa.tekton.url), http only: "http://tekton", "http://host:8080/prefix"
/// @return errc::invalid for a URL that cannot be used (https too); errc::unavailable where Tekton does not answer in
///   time, answers with another status than 200, or with something that is no list of applications
[[nodiscard]] core::expected<application_versions> read_applications(const std::string& url,
                                                                     std::chrono::milliseconds timeout);

} // namespace cm::http
