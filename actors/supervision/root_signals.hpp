// What root does at SIGHUP and SIGQUIT (contract 3.3).
#pragma once

#include "actors/interfaces/mailbox_census.hpp"
#include "actors/supervision/spawn.hpp"

namespace cm::actors {

/// Has the reloader read the configuration again, and passes on what it has found. A reload that is requested meanwhile
/// follows it.
void begin_reload(root_pointer self);

/// Asks every actor how many messages wait for it, and sends the answers to root as `inspect` after a short time.
void begin_inspection(root_pointer self);

/// Writes the actor tree to the log, a line for each actor.
void log_tree(root_pointer self, const mailbox_census& census);

} // namespace cm::actors
