// How the process's file descriptors and memory are divided among the HTTP ports.
#pragma once

#include "http/server/connection_table.hpp"

#include <cstddef>

namespace cm::actors {

/// Raises the soft limit of file descriptors (RLIMIT_NOFILE) to the hard limit.
/// @return the limit that is in force
[[nodiscard]] std::size_t raise_descriptor_limit() noexcept;

struct connection_shares {
  http::connection_limits api;
  http::connection_limits management;
  http::connection_limits agent;
};

struct shared_resources {
  std::size_t descriptors = 0;
  std::size_t database_pool = 0; ///< maximum number of connections
  std::size_t loops = 1;         ///< event loops, those of all ports
  std::size_t buffer_bytes = 0;  ///< of the REST port's requests
};

/// Connections of the management port and of the agent have descriptors of their own, as have the database, NATS, the
/// log and files. The REST port gets what is left, but not more than 10,000, nor more than fit into memory. One address
/// gets half of a port's connections.
[[nodiscard]] connection_shares share_connections(const shared_resources& of) noexcept;

} // namespace cm::actors
