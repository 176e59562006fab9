// The seam through which the test build makes an actor fail inside a handler. The service itself links no_faults.cpp,
// in which nothing can happen.
#pragma once

#include <caf/error.hpp>

namespace cm::actors {

/// The exit reason that asks for an injected fault.
[[nodiscard]] caf::error fault_request();

/// Called by every actor for every exit message it gets. The test build throws std::runtime_error when `reason` is
/// fault_request(); the service returns.
void inject_fault(const caf::error& reason);

} // namespace cm::actors
