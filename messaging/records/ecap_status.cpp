#include "messaging/records/ecap_status.hpp"

namespace cm::messaging::ecap {

int status_of(core::errc code) noexcept {
  switch (code) {
  case core::errc::none:
    return 200;
  case core::errc::invalid:
    return 400;
  case core::errc::unauthenticated:
    return 401;
  case core::errc::forbidden:
    return 403;
  case core::errc::not_found:
    return 404;
  case core::errc::expired:
    return 408;
  case core::errc::conflict:
  case core::errc::precondition_failed: // ECAP has no preconditions
    return 409;
  case core::errc::throttled:
    return 429;
  case core::errc::internal:
    return 500;
  case core::errc::overloaded:
  case core::errc::unavailable:
    return 503;
  }
  return 500;
}

} // namespace cm::messaging::ecap
