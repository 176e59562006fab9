// Decodes events of unregistered endpoints into the removal backlog. Runs on threads of the NATS library.
#pragma once

#include "actors/changes/removal_backlog.hpp"
#include "actors/changes/removal_metrics.hpp"
#include "actors/nats/nats_subscription.hpp"

#include <memory>

namespace cm::actors {

/// Makes the decoder of 9/ELCE "unregistered" events (contract 4.3). Malformed events and invalid endpoint IDs are
/// logged and dropped. While the backlog is full, the decoder blocks (removal_intake).
/// @param metrics counts lost endpoints
[[nodiscard]] decoder unregistered_event_decoder(decoder_context context, std::shared_ptr<removal_backlog> backlog,
                                                 std::shared_ptr<removal_metrics> metrics);

} // namespace cm::actors
