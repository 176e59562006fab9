// The verbs of the messages that actors send each other. At most ten characters each (CAF 0.17 packs them into 64
// bits).
#pragma once

#include <caf/atom.hpp>

namespace cm::actors {

#define CM_ATOM(name, text)                                                                                            \
  using name##_atom = caf::atom_constant<caf::atom(text)>;                                                             \
  inline constexpr name##_atom name##_v {}

CM_ATOM(accepted, "accepted");   ///< a new connection
CM_ATOM(activate, "activate");   ///< first use of a token
CM_ATOM(answer, "answer");       ///< publish these answers
CM_ATOM(apply, "apply");         ///< make one change of a credential
CM_ATOM(begin, "begin");         ///< start working now
CM_ATOM(closed, "closed");       ///< a connection has gone
CM_ATOM(confirm, "confirm");     ///< wait until the NATS server has what was published
CM_ATOM(crash, "crash");         ///< fault injection, see fault_injection.hpp
CM_ATOM(create, "create");       ///< make a credential
CM_ATOM(directory, "directory"); ///< the applications that CM knows
CM_ATOM(drain, "drain");         ///< finish what has begun, take nothing new; answered when done
CM_ATOM(drained, "drained");     ///< INTERNAL: a subscription handed over its last message
CM_ATOM(exchange, "exchange");   ///< one HTTP request and its answer
CM_ATOM(execute, "execute");     ///< run one storage command
CM_ATOM(find, "find");           ///< look tokens up
CM_ATOM(flush, "flush");         ///< INTERNAL: write what is published to the socket
CM_ATOM(follow, "follow");       ///< the process prefers another database host
CM_ATOM(invalidate, "forget");   ///< what was taken away
CM_ATOM(give_up, "giveup");      ///< the process cannot go on
CM_ATOM(heard, "heard");         ///< events of revocations that came over NATS
CM_ATOM(license, "license");     ///< whether the license allows changes
CM_ATOM(list, "list");           ///< names of the children
CM_ATOM(import, "import");       ///< lines of an import
CM_ATOM(listening, "listening"); ///< a subscription was made, or is gone
CM_ATOM(nats, "nats");           ///< state of the NATS connection
CM_ATOM(peer, "peer");           ///< the handle of a collaborator, new or after a restart
CM_ATOM(password, "password");   ///< hash or verify a password
CM_ATOM(piece, "piece");         ///< a piece of a request's body
CM_ATOM(probe, "probe");         ///< INTERNAL: the link's round trip came back
CM_ATOM(publish, "publish");     ///< events of changes that were committed
CM_ATOM(read, "read");           ///< answer this request with what the database has
CM_ATOM(ready, "ready");         ///< a component works for the first time
CM_ATOM(republish, "republish"); ///< events of others that were not heard
CM_ATOM(refresh, "refresh");     ///< something of the configuration changed
CM_ATOM(refused, "refused");     ///< NATS does not permit a subscription
CM_ATOM(remove, "remove");       ///< endpoints that are gone
CM_ATOM(report, "report");       ///< state of a component, for health
CM_ATOM(restart, "restart");     ///< INTERNAL: a child's backoff is over
CM_ATOM(snapshot, "snapshot");   ///< what health knows
CM_ATOM(state, "state");         ///< state of a database worker
CM_ATOM(stop, "stop");           ///< stop the process in order
CM_ATOM(tick, "tick");           ///< INTERNAL: a timer
CM_ATOM(validate, "validate");   ///< answer these validation requests
CM_ATOM(watch, "watch");         ///< INTERNAL: a second timer
CM_ATOM(written, "written");     ///< INTERNAL: a piece of a response is on its way

#undef CM_ATOM

} // namespace cm::actors
