// The reply to a request whose proper reply would exceed the NATS server's max_payload.
#pragma once

#include "actors/nats/ecap_protocol.hpp"

#include <cstddef>
#include <string>
#include <string_view>

namespace cm::actors {

/// The encoded reply 400 to a request of this protocol: no IDs, and the correlation ID of the request cut to at most
/// `id_limit` bytes between two characters; empty if it cannot be decoded.
/// @param request the payload of the request
[[nodiscard]] std::string oversized_reply(ecap_protocol protocol, std::string_view request, std::size_t id_limit);

} // namespace cm::actors
