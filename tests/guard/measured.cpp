#include "measured.hpp"

void cm_guard_measured(const cm::guard::operation& one, unsigned count) {
  for (unsigned i = 0; i < count; ++i)
    one();
}
