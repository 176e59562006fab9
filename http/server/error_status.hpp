// The HTTP status of an error.
#pragma once

#include "core/base/error.hpp"

namespace cm::http {

/// The HTTP status of the code (contract section 5); 200 for `none`, 500 for a value that is no code.
[[nodiscard]] int status_of(core::errc code) noexcept;

} // namespace cm::http
