// Converts settings to cnats' options, and cnats' statuses to errors.
#pragma once

#include "core/base/error.hpp"
#include "core/configuration/settings.hpp"
#include "messaging/nats/connection.hpp"

#include <nats/nats.h>

#include <memory>
#include <string>

namespace cm::messaging::detail {

struct options_deleter {
  void operator()(natsOptions* options) const noexcept { natsOptions_Destroy(options); }
};

using options_ptr = std::unique_ptr<natsOptions, options_deleter>;

/// Sets all options except the callbacks.
/// @return `invalid` with the name of the option that cannot be used; `unavailable` if memory is short
[[nodiscard]] core::expected<options_ptr> make_options(const core::nats_settings& settings,
                                                       const connection_options& options);

/// An error with the message `what`, a colon and the library's text for the status.
[[nodiscard]] core::error make_nats_error(core::errc code, const char* what, natsStatus status);

/// The text of the connection's last error. Before 3.10 the library only returns a pointer to its own buffer.
[[nodiscard]] std::string error_text(natsConnection* native);

/// Whether no server could be reached, as opposed to a server that refused the connection.
[[nodiscard]] bool no_server_reached(natsStatus status) noexcept;

/// The code of a publication.
[[nodiscard]] core::errc publish_result(natsStatus status) noexcept;

/// The error of the first attempt. The library's message names the failed step and contains no secret.
[[nodiscard]] core::error connect_error(natsStatus status);

} // namespace cm::messaging::detail
