// What an endpoint token validation request is answered with (contract 4.1): the rules, without any actor.
#pragma once

#include "core/error.hpp"
#include "core/time.hpp"
#include "core/token.hpp"
#include "messaging/ecap.hpp"

#include <map>
#include <memory>
#include <optional>
#include <set>
#include <string>

namespace cm::actors {

/// The applications that CM knows, and their versions; empty means any well-formed name. Shared and never changed:
/// a change makes a new one.
using application_directory = std::map<std::string, std::set<std::string>, std::less<>>;
using application_directory_ptr = std::shared_ptr<const application_directory>;

/// Whether `name` may have tokens: it is configured, or nothing is.
[[nodiscard]] bool is_known_application(const application_directory& directory, std::string_view name);

/// The code of an answer that needs no look-up, in this order: 408 for a message past its time, 400 for a token or an
/// application name that cannot be, 404 for an application that is not known. Nothing means: look it up.
[[nodiscard]] std::optional<core::errc> refuse_early(const messaging::ecap::endpoint_token_validation_request& request,
                                                     const application_directory& directory, core::timestamp now);

/// The code for what the look-up found: 404 for nothing, 403 for Suspended and Revoked, errc::none for a valid token.
[[nodiscard]] core::errc judge(const std::optional<core::endpoint_token>& found) noexcept;

} // namespace cm::actors
