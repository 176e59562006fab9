// Encodes a revocation as the event that CM publishes for it (contract 4.2).
#pragma once

#include "core/credentials/revocation.hpp"

#include <cstddef>
#include <string>
#include <string_view>
#include <vector>

namespace cm::actors {

/// One event, split into several messages if it exceeds the server's max_payload.
struct encoded_event {
  std::string subject;

  /// Avro payloads in the order of publication. All have the same correlationId and timestamp; together they contain
  /// every token ID once, in the order of the revocation. Empty if not even one ID fits into a message.
  std::vector<std::string> payloads;
};

/// Encodes a revocation. Any thread.
/// @param instance,replica_id of this process: the publishing replica is the originator, even if another one wrote the
/// row
/// @param max_payload maximum bytes of one payload (messaging::connection::max_payload)
[[nodiscard]] encoded_event encode_event(const core::revocation& revoked, std::string_view instance,
                                         std::string_view replica_id, std::size_t max_payload);

} // namespace cm::actors
