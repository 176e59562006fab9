// Makes allocations of the calling thread fail.
#pragma once

#include <cstddef>

namespace cm::test {

/// While it exists, the allocation number `first` of this thread, counted from 0, throws std::bad_alloc; with
/// `and_all_later` every allocation after it too. One at a time for each thread.
class allocation_fault {
public:
  explicit allocation_fault(std::size_t first, bool and_all_later = false) noexcept;
  ~allocation_fault();
  allocation_fault(const allocation_fault&) = delete;
  allocation_fault& operator=(const allocation_fault&) = delete;

  /// Whether an allocation has failed, so that a higher number may be tried.
  [[nodiscard]] bool happened() const noexcept;
};

} // namespace cm::test
