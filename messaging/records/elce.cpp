#include "messaging/records/elce.hpp"

#include "messaging/records/record_codec.hpp"

namespace cm::messaging::elce {

template <class Codec>
bool fields(Codec& codec, typename Codec::template of<unregistered_event>& r) {
  return detail::common_fields(codec, r) && codec.string(r.app_version_name) && codec.string(r.endpoint_id)
         && codec.string(r.originator_replica_id);
}

} // namespace cm::messaging::elce

namespace cm::messaging {

template decoded<elce::unregistered_event> decode(std::string_view) noexcept;
template void encode(const elce::unregistered_event&, std::string&);

} // namespace cm::messaging
