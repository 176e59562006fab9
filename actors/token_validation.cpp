#include "actors/token_validation.hpp"

#include "core/identifiers.hpp"

namespace cm::actors {

bool is_known_application(const application_directory& directory, std::string_view name) {
  return directory.empty() || directory.find(name) != directory.end();
}

std::optional<core::errc> refuse_early(const messaging::ecap::endpoint_token_validation_request& request,
                                       const application_directory& directory, core::timestamp now) {
  if (core::is_expired(request.timestamp, request.timeout, now))
    return core::errc::expired;
  if (!core::is_application_name(request.app_name) || !core::is_endpoint_token(request.token))
    return core::errc::invalid;
  if (!is_known_application(directory, request.app_name))
    return core::errc::not_found;
  return std::nullopt;
}

core::errc judge(const std::optional<core::endpoint_token>& found) noexcept {
  if (!found)
    return core::errc::not_found;
  return core::valid_for_use(found->status) ? core::errc::none : core::errc::forbidden;
}

} // namespace cm::actors
