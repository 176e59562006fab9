// The atoms that name the messages between actors. An atom's text has at most ten characters: CAF 0.17 packs it into 64
// bits. The actor interfaces in this folder document each message. INTERNAL: an actor sends it to itself only.
#pragma once

#include <caf/atom.hpp>

namespace cm::actors {

#define CM_ATOM(name, text)                                                                                            \
  using name##_atom = caf::atom_constant<caf::atom(text)>;                                                             \
  inline constexpr name##_atom name##_v {}

CM_ATOM(accepted, "accepted");     ///< a new connection
CM_ATOM(activate, "activate");     ///< tokens were used for the first time
CM_ATOM(answer, "answer");         ///< publish these replies
CM_ATOM(apply, "apply");           ///< change one credential
CM_ATOM(begin, "begin");           ///< start working now
CM_ATOM(closed, "closed");         ///< a connection was closed
CM_ATOM(confirm, "confirm");       ///< wait until the NATS server has received what was published
CM_ATOM(crash, "crash");           ///< fault injection, see fault_injection.hpp
CM_ATOM(create, "create");         ///< create a credential
CM_ATOM(directory, "directory");   ///< the applications that CM knows
CM_ATOM(drain, "drain");           ///< finish the work in progress and accept no new work; answered when done
CM_ATOM(drained, "drained");       ///< INTERNAL: the last message or connection was handed over
CM_ATOM(exchange, "exchange");     ///< one HTTP request and its response
CM_ATOM(execute, "execute");       ///< run one storage command
CM_ATOM(find, "find");             ///< look tokens up
CM_ATOM(flush, "flush");           ///< INTERNAL: write the published replies to the socket
CM_ATOM(follow, "follow");         ///< the process prefers another database host
CM_ATOM(inspect, "inspect");       ///< write the actor tree to the log
CM_ATOM(invalidate, "invalidate"); ///< tokens were revoked: drop them from memory
CM_ATOM(give_up, "giveup");        ///< the process cannot continue
CM_ATOM(license, "license");       ///< whether the license allows changes
CM_ATOM(list, "list");             ///< names of the running children
CM_ATOM(import, "import");         ///< lines of an import
CM_ATOM(listening, "listening");   ///< a subscription was created or ended
CM_ATOM(nats, "nats");             ///< state of the NATS connection
CM_ATOM(peer, "peer");             ///< the handle of a collaborator, new or after a restart
CM_ATOM(password, "password");     ///< hash or verify a password
CM_ATOM(piece, "piece");           ///< a piece of a request's body
CM_ATOM(probe, "probe");           ///< INTERNAL: a round trip of the NATS link has returned
CM_ATOM(publish, "publish");       ///< events of changes that were committed
CM_ATOM(read, "read");             ///< read from the database
CM_ATOM(ready, "ready");           ///< a component works, or the service accepts requests
CM_ATOM(received, "received");     ///< revocation events that were received over NATS
CM_ATOM(republish, "republish");   ///< events of other replicas that were not received over NATS
CM_ATOM(refresh, "refresh");       ///< the configuration in Tekton has changed
CM_ATOM(refused, "refused");       ///< NATS does not permit a subscription
CM_ATOM(reload, "reload");         ///< the configuration is read again
CM_ATOM(remove, "remove");         ///< endpoints were unregistered: remove their tokens
CM_ATOM(report, "report");         ///< state of a component, for health
CM_ATOM(restart, "restart");       ///< INTERNAL: a child's backoff is over
CM_ATOM(snapshot, "snapshot");     ///< the health of the service
CM_ATOM(state, "state");           ///< state of a connection: a database worker's, or that of the NATS link
CM_ATOM(stop, "stop");             ///< stop the process in order
CM_ATOM(tick, "tick");             ///< INTERNAL: a timer
CM_ATOM(validate, "validate");     ///< reply to these validation requests; for the license: check it
CM_ATOM(watch, "watch");           ///< INTERNAL: a second timer
CM_ATOM(written, "written");       ///< a piece of a response was written to the socket

#undef CM_ATOM

} // namespace cm::actors
