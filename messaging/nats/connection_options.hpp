// Converts settings to cnats' options, and cnats' statuses to errors.
#pragma once

#include "core/base/error.hpp"
#include "core/configuration/settings.hpp"
#include "messaging/nats/connection.hpp"

#include <nats/nats.h>

#include <memory>

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

} // namespace cm::messaging::detail
