// A link seam by which the test build makes an actor fail inside a handler. The service links no_faults.cpp, which does
// nothing.
#pragma once

#include <caf/error.hpp>

namespace cm::actors {

/// The exit reason that asks for an injected fault.
[[nodiscard]] caf::error fault_request();

/// Every actor calls it for every exit message that it receives. In the test build it throws std::runtime_error if
/// `reason` is fault_request(); in the service it only returns.
void inject_fault(const caf::error& reason);

} // namespace cm::actors
