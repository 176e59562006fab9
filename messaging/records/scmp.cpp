#include "messaging/records/scmp.hpp"

#include "messaging/records/record_codec.hpp"

namespace cm::messaging::scmp {

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<broadcast_configuration_update_event>& r) {
  return codec.origin(r) && codec.string(r.originator_replica_id) && codec.null_or_string(r.tenant_id)
         && codec.null_or_string(r.app_name) && codec.null_or_string(r.app_ver_name);
}

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<service_specific_configuration_update_event>& r) {
  return codec.origin(r) && codec.string(r.tenant_id) && codec.null_or_string(r.app_name)
         && codec.null_or_string(r.app_ver_name);
}

} // namespace cm::messaging::scmp

namespace cm::messaging {

template decoded<scmp::broadcast_configuration_update_event> decode(std::string_view) noexcept;
template void encode(const scmp::broadcast_configuration_update_event&, std::string&);
template decoded<scmp::service_specific_configuration_update_event> decode(std::string_view) noexcept;
template void encode(const scmp::service_specific_configuration_update_event&, std::string&);

} // namespace cm::messaging
