// The children that have to do with NATS: the link, egress, who answers requests, and the subscriptions.
#pragma once

#include "actors/root.hpp"

namespace cm::actors {

/// What runs from the first moment; the link does not wait for the database.
void add_messaging_children(root_pointer self);

/// One child a subject: when database and NATS have answered.
void add_subscriptions(root_pointer self);

} // namespace cm::actors
