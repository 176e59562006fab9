#include "actors/validation/token_validation.hpp"

#include "core/base/identifiers.hpp"

namespace cm::actors {

core::errc judge(const std::optional<storage::found_token>& found) noexcept {
  if (!found)
    return core::errc::not_found;
  if (found->status == core::credential_status::unknown)
    return core::errc::unavailable;
  return core::valid_for_use(found->status) ? core::errc::none : core::errc::forbidden;
}

bool trustfully_accepted(const messaging::ecap::endpoint_token_validation_request& request) noexcept {
  return core::is_endpoint_id(request.token);
}

} // namespace cm::actors
