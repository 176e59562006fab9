// The reply to a query for a credential's audit trail.
#pragma once

#include "core/credentials/audit.hpp"

#include <cstdint>
#include <vector>

namespace cm::storage {

/// One page of a credential's history, newest first.
struct history_page {
  std::vector<core::audit_record> items;
  std::uint64_t total = 0; ///< of all pages
};

} // namespace cm::storage
