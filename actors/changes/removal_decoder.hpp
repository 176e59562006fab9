// From NATS messages to the backlog of removals. Runs on the NATS library's threads.
#pragma once

#include "actors/changes/removal_backlog.hpp"
#include "actors/nats/nats_subscription.hpp"
#include "core/observability/metrics.hpp"

#include <memory>

namespace cm::actors {

/// 9/ELCE "unregistered" (contract 4.3): into the backlog. What cannot be decoded or names no possible endpoint is
/// counted, logged and dropped: nobody waits for an answer. Where the backlog is full it blocks (removal_intake).
/// @param metrics count what is lost
[[nodiscard]] decoder unregistered_event_decoder(decoder_context context, std::shared_ptr<removal_backlog> backlog,
                                                 std::shared_ptr<core::metrics> metrics);

} // namespace cm::actors
