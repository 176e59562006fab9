// The records of 9/ELCE: endpoint lifecycle events that CM follows (contract 4.3).
#pragma once

#include "messaging/records/record.hpp"

#include <cstdint>
#include <string_view>

namespace cm::messaging::elce {

/// The Avro namespace of the records.
inline constexpr std::string_view avro_namespace = "org.kaaproject.ipc.event.gen.v1.endpoint.lifecycle";

/// An endpoint was unregistered; CM deletes its tokens.
struct unregistered_event {
  static constexpr std::string_view avro_name = "UnregisteredEvent";

  std::string_view correlation_id;
  std::int64_t timestamp = 0; ///< Unix ms
  std::int64_t timeout = 0;   ///< ms after timestamp; 0: never
  std::string_view app_version_name;
  std::string_view endpoint_id;
  std::string_view originator_replica_id;

  friend bool operator==(const unregistered_event&, const unregistered_event&) = default;
};

} // namespace cm::messaging::elce

namespace cm::messaging {

extern template decoded<elce::unregistered_event> decode(std::string_view) noexcept;
extern template void encode(const elce::unregistered_event&, std::string&);

} // namespace cm::messaging
