#include "measured.hpp"

void cm_guard_measured(const cm::guard::operation& measured, unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    measured();
}
