// From NATS messages to deliveries: one decoder a protocol. They run on the NATS library's threads.
#pragma once

#include "actors/nats/nats_subscription.hpp"

namespace cm::actors {

/// Requests of 16/ECAP (contract 4.1). What cannot be decoded is answered 400, what finds no room 503, on the spot;
/// a request without a reply subject is counted and dropped.
[[nodiscard]] decoder token_request_decoder(decoder_context context);
[[nodiscard]] decoder token_transition_decoder(decoder_context context);
[[nodiscard]] decoder password_request_decoder(decoder_context context);
[[nodiscard]] decoder certificate_request_decoder(decoder_context context);

/// The tokens in this instance's events of revoked tokens.
[[nodiscard]] decoder revoked_tokens_event_decoder(decoder_context context);

/// The client credentials in this instance's events of them: nothing is kept in memory about these, but the replica has
/// to know which events reach its side.
[[nodiscard]] decoder revoked_clients_event_decoder(decoder_context context);

/// 17/SCMP (contract 4.6): whatever comes, the configuration is read anew; what cannot be decoded is dropped.
[[nodiscard]] decoder configuration_broadcast_decoder(decoder_context context);
[[nodiscard]] decoder configuration_update_decoder(decoder_context context);

} // namespace cm::actors
