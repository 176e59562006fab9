// The status code of 16/ECAP for an error.
#pragma once

#include "core/base/error.hpp"

namespace cm::messaging::ecap {

/// The ECAP status code (contract section 4.1): the numbers of HTTP, but 412 does not exist, so a failed precondition
/// is 409. 200 for `none`, 500 for a value that is no code.
[[nodiscard]] int status_of(core::errc code) noexcept;

} // namespace cm::messaging::ecap
