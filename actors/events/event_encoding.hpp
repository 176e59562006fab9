// From a revocation to the event that tells of it (contract 4.2).
#pragma once

#include "core/credentials/revocation.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cm::actors {

/// One event, in as many messages as the server's limit asks for.
struct encoded_event {
  std::string subject;

  /// Avro, in the order in which they are published: all with the same correlationId and timestamp, and together with
  /// every token ID once, in the order of the revocation. Empty where not even one ID fits.
  std::vector<std::string> payloads;
};

/// Encodes a revocation; any thread.
/// @param instance,replica_id of this process: the replica that publishes is the originator, whoever wrote the row
/// @param max_payload most bytes of one payload (messaging::connection::max_payload)
[[nodiscard]] encoded_event encode_event(const core::revocation& what, std::string_view instance,
                                         std::string_view replica_id, std::size_t max_payload);

} // namespace cm::actors
