// The capability that ports below 1024 need (capabilities(7)).
#pragma once

namespace cm::core {

/// Holds CAP_NET_BIND_SERVICE while the process binds its ports. The executable in the image has
/// it as a file capability without the effective bit: so it starts even where the container may not have the
/// capability.
class bind_capability {
public:
  /// Makes the capability effective for the calling thread, if it is permitted.
  bind_capability() noexcept;

  /// Takes the capability from the calling thread for good. To be called in the thread of the constructor, before other
  /// threads start, since each inherits what its creator holds.
  ~bind_capability();

  bind_capability(const bind_capability&) = delete;
  bind_capability& operator=(const bind_capability&) = delete;
};

} // namespace cm::core
