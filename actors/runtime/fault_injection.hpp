// A link seam by which the test build makes an actor fail inside a handler. The service links no_faults.cpp, which does
// nothing.
#pragma once

#include <caf/error.hpp>

#include <string_view>

namespace cm::actors {

/// The exit reason that asks for an injected fault.
[[nodiscard]] caf::error fault_request();

/// Every actor calls it for every exit message that it receives. In the test build, if `reason` is fault_request(), it
/// throws std::runtime_error, or blocks for a time.
/// @return whether the message was a fault that is over, so that the actor goes on; always false in the service
[[nodiscard]] bool inject_fault(const caf::error& reason);

/// Called where work begins that no actor does. In the test build it may block for a time; in the service it returns.
void inject_delay(std::string_view place);

} // namespace cm::actors
