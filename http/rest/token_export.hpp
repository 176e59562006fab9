// GET /api/v1/endpoint-tokens/export: endpoint tokens without their values, one JSON object per line (contract
// section 5).
#pragma once

#include "core/base/error.hpp"
#include "core/credentials/token.hpp"
#include "http/server/request.hpp"

#include <string>

namespace cm::http {

/// Reads the query parameter `applicationName`.
/// @return the application, "" for all; errc::invalid for a malformed name
[[nodiscard]] core::expected<std::string> parse_export(const request_head& from);

/// Appends `{"endpointId","applicationName","endpointTokenId","status","createdDate","updateDate"?}` and a line feed.
void write_export_line(std::string& out, const core::endpoint_token& token);

} // namespace cm::http
