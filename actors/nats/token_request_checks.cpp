#include "actors/nats/token_request_checks.hpp"

#include "core/base/identifiers.hpp"
#include "core/credentials/credential.hpp"

namespace cm::actors {

namespace {

template <class Request>
std::optional<core::errc> refuse_token_request(const Request& request, const application_directory& directory,
                                               core::timestamp now, bool well_formed) {
  if (core::is_expired(request.timestamp, request.timeout, now))
    return core::errc::expired;
  if (!well_formed || !core::is_application_name(request.app_name) || !core::is_endpoint_token(request.token))
    return core::errc::invalid;
  if (!directory.knows(request.app_name))
    return core::errc::not_found;
  return std::nullopt;
}

} // namespace

std::optional<core::errc> refuse_early(const messaging::ecap::endpoint_token_validation_request& request,
                                       const application_directory& directory, core::timestamp now) {
  return refuse_token_request(request, directory, now, true);
}

std::optional<core::errc> refuse_early(const messaging::ecap::endpoint_token_status_transition_request& request,
                                       const application_directory& directory, core::timestamp now) {
  return refuse_token_request(request, directory, now,
                              core::parse_credential_status(request.target_status).has_value());
}

} // namespace cm::actors
