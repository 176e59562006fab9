// GET /api/v1/revocations: lets consumers read revocations that they missed while disconnected (contract section 5).
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
  std::uint64_t after = 0;   ///< sequence number; at most 2^63-1
  std::uint32_t limit = 100; ///< 1 to 1000
};

/// The cursor for the position after `sequence`: 18 hex digits (version and number), opaque to clients.
[[nodiscard]] std::string write_cursor(std::uint64_t sequence);

/// Parses the output of write_cursor; nullopt for any other text.
[[nodiscard]] std::optional<std::uint64_t> read_cursor(std::string_view text) noexcept;

/// Reads the query parameters `after` (a cursor; if missing, reading starts at the beginning) and `limit`.
/// @return errc::invalid with all invalid parameters
[[nodiscard]] core::expected<revocations_request> parse_revocations(const request_head& from);

/// 200 with ETag, or 304. `next` in the body is the cursor after the last revocation of `page`, or `after` if the page
/// is empty.
/// @param page in ascending order of sequence
[[nodiscard]] response render_revocations(const request_head& from, const std::vector<core::revocation>& page,
                                          std::uint64_t after);

} // namespace cm::http
