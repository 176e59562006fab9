#include "core/base/capabilities.hpp"

#include <linux/capability.h>
#include <sys/syscall.h>
#include <unistd.h>

namespace cm::core {

namespace {

// The C library has no functions for these two system calls.
struct capability_sets {
  __user_cap_header_struct header{_LINUX_CAPABILITY_VERSION_3, 0};
  __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3]{};

  bool read() noexcept { return syscall(SYS_capget, &header, data) == 0; }

  void write() noexcept { static_cast<void>(syscall(SYS_capset, &header, data)); }
};

constexpr auto bit = CAP_TO_MASK(CAP_NET_BIND_SERVICE);
constexpr auto word = CAP_TO_INDEX(CAP_NET_BIND_SERVICE);

} // namespace

// Failures are ignored here: binding the port reports that it is not permitted.
bind_capability::bind_capability() noexcept {
  capability_sets sets;
  if (!sets.read() || (sets.data[word].permitted & bit) == 0)
    return;
  sets.data[word].effective |= bit;
  sets.write();
}

bind_capability::~bind_capability() {
  capability_sets sets;
  if (!sets.read())
    return;
  sets.data[word].effective &= ~bit;
  sets.data[word].permitted &= ~bit;
  sets.data[word].inheritable &= ~bit;
  sets.write();
}

} // namespace cm::core
