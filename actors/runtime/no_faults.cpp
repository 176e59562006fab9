#include "actors/runtime/fault_injection.hpp"

namespace cm::actors {

caf::error fault_request() {
  return {};
}

void inject_fault(const caf::error&) {
  // Faults are for the test build only.
}

} // namespace cm::actors
