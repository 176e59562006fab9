// The REST resource /api/v1/endpoints/{endpointId}/tokens: parses requests, renders responses (contract section 5).
#pragma once

#include "core/base/error.hpp"
#include "core/base/secret.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/audit.hpp"
#include "core/credentials/credential.hpp"
#include "core/credentials/token.hpp"
#include "core/credentials/token_digest.hpp"
#include "core/credentials/token_requests.hpp"
#include "http/rest/query.hpp"
#include "http/rest/router.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace cm::http {

struct list_tokens_request {
  std::string endpoint_id;
  std::vector<core::credential_status> statuses; ///< each at most once; empty: any
  std::uint64_t offset = 0;                      ///< at most 2^63-1
  std::uint32_t limit = 20;                      ///< 1 to 1000
  sort_order order = sort_order::descending;     ///< by creation
};

/// The path parameters that identify a token.
struct token_path {
  std::string endpoint_id;
  core::uuid id;
};

/// Path parameters `endpointId` and `endpointTokenId`.
/// @return errc::invalid for a malformed endpoint ID; errc::not_found for a token ID that is not a UUID
[[nodiscard]] core::expected<token_path> parse_token_path(const path_parameters& path);

/// Path parameter `endpointId`.
/// @return errc::invalid for a malformed endpoint ID
[[nodiscard]] core::expected<std::string> parse_endpoint_path(const path_parameters& path);

/// Reads `{"status": "Suspended"}`, for endpoint tokens and client credentials.
/// @return errc::invalid for anything other than one of the four states
[[nodiscard]] core::expected<core::credential_status> parse_status_body(const request& from);

/// Reads POST: path parameter `endpointId`, body `{"applicationName","token"?}`.
/// @return errc::invalid with all invalid fields. Does not check whether the application is known.
[[nodiscard]] core::expected<core::create_token_request> parse_create(const request& from, const path_parameters& path);

/// 201 with Location. The only response that contains a token's value: its buffers are wiped after sending.
[[nodiscard]] response render_created(const core::endpoint_token& created, const core::secret& value);

/// Reads GET: path parameter `endpointId`, query parameters `status` (repeated or comma-separated), `offset`, `limit`,
/// `order`. A parameter with an empty value counts as missing.
/// @return errc::invalid with all invalid parameters
[[nodiscard]] core::expected<list_tokens_request> parse_list(const request_head& from, const path_parameters& path);

/// 200 with ETag, or 304 if the request's If-None-Match contains the tag. The tag depends on all tokens of the
/// endpoint, not on page and filter: the tokens and the query together determine each page.
/// @param total number of matching tokens without offset and limit
/// @param digest of all tokens of the endpoint, from the same snapshot as the page
[[nodiscard]] response render_page(const request_head& from, const std::vector<core::endpoint_token>& page,
                                   std::uint64_t total, const core::token_digest& digest);

/// One token: 200 with ETag, or 304 if the request's If-None-Match contains the tag.
[[nodiscard]] response render_token(const request_head& from, const core::endpoint_token& token);

/// One token after a change: 200 with its new ETag.
[[nodiscard]] response render_changed_token(const core::endpoint_token& token);

/// The tag of render_token, with which If-Match of PUT and DELETE is compared.
[[nodiscard]] std::string entity_tag_of(const core::endpoint_token& token);

/// The tag of render_page, with which If-Match of POST and of DELETE of all tokens is compared.
[[nodiscard]] std::string entity_tag_of_list(const core::token_digest& digest);

/// The history of a token or credential: 200 with ETag, or 304.
/// @param total number of records without offset and limit
[[nodiscard]] response render_history(const request_head& from, const std::vector<core::audit_record>& page,
                                      std::uint64_t total);

/// 204, for a successful deletion.
[[nodiscard]] response no_content();

} // namespace cm::http
