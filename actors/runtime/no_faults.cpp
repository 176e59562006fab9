#include "actors/runtime/fault_injection.hpp"

namespace cm::actors {

caf::error fault_request() {
  return {};
}

void inject_fault(const caf::error&) {
  // Only the test build injects faults.
}

} // namespace cm::actors
