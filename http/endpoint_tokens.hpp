// The REST resource /api/v1/endpoints/{endpointId}/tokens: requests in, representations out (contract section 5).
#pragma once

#include "core/credential.hpp"
#include "core/error.hpp"
#include "core/secret.hpp"
#include "core/token.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/router.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

namespace cm::http {

struct create_token_request {
  std::string endpoint_id;
  std::string application_name;
  std::optional<core::secret> token; ///< missing: CM generates one
};

enum class sort_order : std::uint8_t { ascending, descending };

struct list_tokens_request {
  std::string endpoint_id;
  std::vector<core::credential_status> statuses; ///< each at most once; empty: any
  std::uint64_t offset = 0;                      ///< at most 2^63-1
  std::uint32_t limit = 20;                      ///< 1 to 1000
  sort_order order = sort_order::descending;     ///< by creation
};

/// Reads POST: path parameter `endpointId`, body `{"applicationName","token"?}`.
/// @return errc::invalid with all fields that are wrong. Whether the application is known is not checked here.
[[nodiscard]] core::expected<create_token_request> parse_create(const request& from, const path_parameters& path);

/// 201 with Location. The only response that shows a token's value: its buffers are wiped after sending.
[[nodiscard]] response render_created(const core::endpoint_token& created, const core::secret& value);

/// Reads GET: path parameter `endpointId`, query parameters `status` (repeated or comma-separated), `offset`, `limit`,
/// `order`. A parameter with an empty value counts as missing.
/// @return errc::invalid with all parameters that are wrong
[[nodiscard]] core::expected<list_tokens_request> parse_list(const request_head& from, const path_parameters& path);

/// 200 with ETag, or 304 when the request's If-None-Match names it.
/// @param total how many tokens match without offset and limit
[[nodiscard]] response render_page(const request_head& from, const std::vector<core::endpoint_token>& page,
                                   std::uint64_t total);

} // namespace cm::http
