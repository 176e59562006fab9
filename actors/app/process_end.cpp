#include "actors/app/process_end.hpp"

#include "core/observability/logging.hpp"

#include <cstdio>
#include <cstdlib>
#include <iostream>

#if defined(__SANITIZE_ADDRESS__)
#  define CM_CHECKS_LEAKS 1
#elif defined(__has_feature)
#  if __has_feature(address_sanitizer)
#    define CM_CHECKS_LEAKS 1
#  endif
#endif
#if defined(CM_CHECKS_LEAKS)
#  include <sanitizer/lsan_interface.h>
#endif

namespace cm::actors {

void end_process(int status) noexcept {
  core::shutdown_logging();
  std::cout.flush();
  std::cerr.flush();
  std::fflush(nullptr);
#if defined(CM_CHECKS_LEAKS)
  __lsan_do_leak_check();
#endif
  std::_Exit(status);
}

} // namespace cm::actors
