// From a revocation to the event that tells of it (contract 4.2).
#pragma once

#include "core/revocation.hpp"

#include <string>
#include <string_view>

namespace cm::actors {

struct encoded_event {
  std::string subject;
  std::string payload; ///< Avro
};

/// @param instance,replica_id of this process: the replica that publishes is the originator, whoever wrote the row
[[nodiscard]] encoded_event encode_event(const core::revocation& what, std::string_view instance,
                                         std::string_view replica_id);

} // namespace cm::actors
