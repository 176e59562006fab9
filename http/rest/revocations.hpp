// GET /api/v1/revocations: what consumers missed while they were away (contract section 5).
#pragma once

#include "core/base/error.hpp"
#include "core/credentials/revocation.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

struct revocations_request {
  std::uint64_t after = 0;   ///< a sequence; at most 2^63-1
  std::uint32_t limit = 100; ///< 1 to 1000
};

/// The cursor behind that sequence: 18 hex digits, a version and the number. Opaque to clients.
[[nodiscard]] std::string write_cursor(std::uint64_t sequence);

/// Reads exactly what write_cursor writes; nothing for anything else.
[[nodiscard]] std::optional<std::uint64_t> read_cursor(std::string_view text) noexcept;

/// Reads the query parameters `after` (a cursor; missing: from the beginning) and `limit`.
/// @return errc::invalid with all parameters that are wrong
[[nodiscard]] core::expected<revocations_request> parse_revocations(const request_head& from);

/// 200 with ETag, or 304. `next` is the cursor behind the last of `page`, or behind `after` when there is nothing.
/// @param page by rising sequence
[[nodiscard]] response render_revocations(const request_head& from, const std::vector<core::revocation>& page,
                                          std::uint64_t after);

} // namespace cm::http
