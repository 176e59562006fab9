// Decoders that turn NATS messages into deliveries, one for each kind of subject. They run on the NATS library's
// threads.
#pragma once

#include "actors/nats/nats_subscription.hpp"

namespace cm::actors {

/// Requests of 16/ECAP (contract 4.1). The decoder itself replies 400 to a message that it cannot decode, and 503 to a
/// request beyond the in-flight limit, or that an exception kept from being decoded. It counts and drops a request
/// whose reply subject is missing or not acceptable (messaging::is_reply_subject). These decoders do not throw.
[[nodiscard]] decoder token_request_decoder(decoder_context context);
[[nodiscard]] decoder token_transition_decoder(decoder_context context);
[[nodiscard]] decoder password_request_decoder(decoder_context context);
[[nodiscard]] decoder certificate_request_decoder(decoder_context context);

/// Events of revoked tokens, of this service instance (contract 4.3). An event that cannot be decoded invalidates all
/// tokens in memory; so does the batch after one that was lost by an exception.
[[nodiscard]] decoder revoked_tokens_event_decoder(decoder_context context);

/// Events of revoked client credentials, of this service instance. Client credentials are not kept in memory; the
/// events show which of them reach this side of a NATS cluster, so that the replica does not publish them again.
[[nodiscard]] decoder revoked_clients_event_decoder(decoder_context context);

/// Events of 17/SCMP (contract 4.6): after every event the whole configuration is read. An event that cannot be decoded
/// is dropped.
[[nodiscard]] decoder configuration_broadcast_decoder(decoder_context context);
[[nodiscard]] decoder configuration_update_decoder(decoder_context context);

} // namespace cm::actors
