#include "messaging/records/ecap.hpp"

#include "messaging/records/record_codec.hpp"

namespace cm::messaging::ecap {

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<endpoint_token_validation_request>& r) {
  return detail::common_fields(codec, r) && codec.string(r.app_name) && codec.string(r.token);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<endpoint_token_validation_response>& r) {
  return detail::common_fields(codec, r) && codec.string_or_null(r.token_id) && codec.string_or_null(r.endpoint_id)
         && codec.number(r.status_code) && codec.null_or_string(r.reason_phrase);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<endpoint_token_status_transition_request>& r) {
  return detail::common_fields(codec, r) && codec.string(r.app_name) && codec.string(r.token)
         && codec.string(r.target_status);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<endpoint_token_status_transition_response>& r) {
  return detail::common_fields(codec, r) && codec.number(r.status_code) && codec.null_or_string(r.reason_phrase);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<client_username_password_validation_request>& r) {
  return detail::common_fields(codec, r) && codec.string_or_null(r.username) && codec.string_or_null(r.password);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<client_username_password_validation_response>& r) {
  return detail::common_fields(codec, r) && codec.string_or_null(r.credential_id) && codec.string_or_null(r.client_id)
         && codec.number(r.status_code) && codec.null_or_string(r.reason_phrase);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<client_certificate_validation_request>& r) {
  return detail::common_fields(codec, r) && codec.string(r.issuer) && codec.string(r.serial_number);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<client_certificate_validation_response>& r) {
  return detail::common_fields(codec, r) && codec.string_or_null(r.credential_id) && codec.string_or_null(r.client_id)
         && codec.number(r.status_code) && codec.null_or_string(r.reason_phrase);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<endpoint_token_revoked_event>& r) {
  return detail::common_fields(codec, r) && codec.string(r.app_name) && codec.string(r.endpoint_id)
         && codec.strings(r.token_ids) && codec.string(r.originator_replica_id);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<client_credential_revoked_event>& r) {
  return detail::common_fields(codec, r) && codec.string(r.credential_id) && codec.string(r.originator_replica_id);
}

} // namespace cm::messaging::ecap

namespace cm::messaging {

template decoded<ecap::endpoint_token_validation_request> decode(std::string_view) noexcept;
template void encode(const ecap::endpoint_token_validation_request&, std::string&);
template decoded<ecap::endpoint_token_validation_response> decode(std::string_view) noexcept;
template void encode(const ecap::endpoint_token_validation_response&, std::string&);
template decoded<ecap::endpoint_token_status_transition_request> decode(std::string_view) noexcept;
template void encode(const ecap::endpoint_token_status_transition_request&, std::string&);
template decoded<ecap::endpoint_token_status_transition_response> decode(std::string_view) noexcept;
template void encode(const ecap::endpoint_token_status_transition_response&, std::string&);
template decoded<ecap::client_username_password_validation_request> decode(std::string_view) noexcept;
template void encode(const ecap::client_username_password_validation_request&, std::string&);
template decoded<ecap::client_username_password_validation_response> decode(std::string_view) noexcept;
template void encode(const ecap::client_username_password_validation_response&, std::string&);
template decoded<ecap::client_certificate_validation_request> decode(std::string_view) noexcept;
template void encode(const ecap::client_certificate_validation_request&, std::string&);
template decoded<ecap::client_certificate_validation_response> decode(std::string_view) noexcept;
template void encode(const ecap::client_certificate_validation_response&, std::string&);
template decoded<ecap::endpoint_token_revoked_event> decode(std::string_view) noexcept;
template void encode(const ecap::endpoint_token_revoked_event&, std::string&);
template decoded<ecap::client_credential_revoked_event> decode(std::string_view) noexcept;
template void encode(const ecap::client_credential_revoked_event&, std::string&);

} // namespace cm::messaging
