// The children that have to do with NATS but for the subscriptions: the link, egress, and who answers requests.
#pragma once

#include "actors/supervision/root.hpp"

namespace cm::actors {

/// What runs from the first moment; the link does not wait for the database.
void add_messaging_children(root_pointer self);

/// When the stop is over: names the unregistered endpoints whose tokens are still there in the log, since nobody
/// repeats their events. The remover has ended before.
void name_unfinished_removals(root_pointer self);

} // namespace cm::actors
