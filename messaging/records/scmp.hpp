// The records of 17/SCMP: notifications from Tekton about configuration changes (contract 4.6). They have no timeout.
#pragma once

#include "messaging/records/record.hpp"

#include <cstdint>
#include <optional>
#include <string_view>

namespace cm::messaging::scmp {

/// The Avro namespace of the records.
inline constexpr std::string_view avro_namespace = "org.kaaproject.scmp.event.gen.v1.service.configuration";

/// To all services: the configuration of a tenant, application or version changed; null means all of them.
struct broadcast_configuration_update_event {
  static constexpr std::string_view avro_name = "BroadcastConfigurationUpdateEvent";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::string_view originator_replica_id;
  std::optional<std::string_view> tenant_id;
  std::optional<std::string_view> app_name;
  std::optional<std::string_view> app_ver_name;

  friend bool operator==(const broadcast_configuration_update_event&,
                         const broadcast_configuration_update_event&) = default;
};

/// To this service only: its configuration changed.
struct service_specific_configuration_update_event {
  static constexpr std::string_view avro_name = "ServiceSpecificConfigurationUpdateEvent";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::string_view tenant_id;
  std::optional<std::string_view> app_name;
  std::optional<std::string_view> app_ver_name;

  friend bool operator==(const service_specific_configuration_update_event&,
                         const service_specific_configuration_update_event&) = default;
};

} // namespace cm::messaging::scmp

namespace cm::messaging {

extern template decoded<scmp::broadcast_configuration_update_event> decode(std::string_view) noexcept;
extern template void encode(const scmp::broadcast_configuration_update_event&, std::string&);
extern template decoded<scmp::service_specific_configuration_update_event> decode(std::string_view) noexcept;
extern template void encode(const scmp::service_specific_configuration_update_event&, std::string&);

} // namespace cm::messaging
