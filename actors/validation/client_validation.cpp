#include "actors/validation/client_validation.hpp"

#include "core/base/identifiers.hpp"
#include "core/certificates/distinguished_name.hpp"
#include "core/certificates/serial_number.hpp"
#include "core/credentials/password_hash.hpp"

namespace cm::actors {

std::optional<core::errc> refuse_early(const messaging::ecap::client_username_password_validation_request& request,
                                       core::timestamp now) {
  if (core::is_expired(request.timestamp, request.timeout, now))
    return core::errc::expired;
  if (request.username && !core::is_client_name(*request.username))
    return core::errc::invalid;
  if (request.password && !core::is_client_password(*request.password))
    return core::errc::invalid;
  return std::nullopt;
}

bool names_login(const messaging::ecap::client_username_password_validation_request& request) noexcept {
  return request.username.has_value() && request.password.has_value();
}

core::expected<certificate_name> read_certificate(const messaging::ecap::client_certificate_validation_request& request,
                                                  core::timestamp now) {
  if (core::is_expired(request.timestamp, request.timeout, now))
    return core::make_error(core::errc::expired, "The request has expired");
  if (!core::is_decimal_serial_number(request.serial_number))
    return core::make_error(core::errc::invalid, "The serial number is not in base 10");
  auto issuer = core::read_distinguished_name(request.issuer);
  if (issuer.has_error())
    return issuer.error();
  auto serial = core::normalised_serial_number(request.serial_number);
  if (serial.has_error())
    return serial.error();
  certificate_name name;
  name.subject = core::subject_hash(issuer->canonical, *serial);
  static_assert(core::max_other_names == storage::max_other_subjects);
  for (const auto& other : issuer->others)
    name.other_subjects.push_back(core::subject_hash(other, *serial));
  if (issuer->identity)
    name.identity = core::subject_hash(*issuer->identity, *serial);
  name.issuer = std::move(issuer->canonical);
  name.serial_number = *std::move(serial);
  return name;
}

core::errc judge(const core::client_credential& found) noexcept {
  if (found.status == core::credential_status::unknown)
    return core::errc::unavailable;
  return core::valid_for_use(found.status) ? core::errc::none : core::errc::forbidden;
}

} // namespace cm::actors
