// The API's own description on its port: docs/api/openapi.yaml, embedded when CM is built (contract section 5).
#pragma once

#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <string_view>

namespace cm::http {

/// OpenAPI 3.1, YAML, of exactly this API.
[[nodiscard]] std::string_view openapi_document() noexcept;

/// The document: 200 as application/yaml with ETag, or 304.
[[nodiscard]] response render_openapi(const request_head& from);

/// A page for people: a table of all operations and the document. It needs nothing from elsewhere, has no script, and
/// its Content-Security-Policy forbids both. 200 with ETag, or 304.
[[nodiscard]] response render_docs(const request_head& from);

} // namespace cm::http
