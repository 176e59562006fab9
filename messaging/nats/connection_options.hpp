// From our settings to cnats' options, and from cnats' statuses to our errors.
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

/// All but the callbacks. Errors: `invalid`, naming what cannot be used.
[[nodiscard]] core::expected<options_ptr> make_options(const core::nats_settings& settings,
                                                       const connection_options& options);

/// `what` and the library's text for the status.
[[nodiscard]] core::error make_nats_error(core::errc code, const char* what, natsStatus status);

} // namespace cm::messaging::detail
