// Why a server sends nothing on a connection that waits for it.
#pragma once

#include "core/configuration/settings.hpp"
#include "storage/sql/host_choice.hpp"

#include <cstddef>
#include <cstdint>

namespace cm::storage {

class connection;

enum class silence_cause : std::uint8_t {
  statement,  ///< the statement runs, or nothing is certain, or no other host works: wait
  connection, ///< the server works, and has no statement of this connection: it was lost on the way, or its result
  host,       ///< the host is silent on a new connection too, and another host works
};

/// Looks into the silence with additional connections, which it closes. Blocks for about a second for each silent host.
/// Does not use `silent` itself.
/// @param host index of the host that `silent` is connected to
[[nodiscard]] silence_cause inspect_silence(const connection& silent, const core::database_settings& settings,
                                            const host_choice& hosts, std::size_t host);

} // namespace cm::storage
