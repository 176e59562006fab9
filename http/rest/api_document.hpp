// Serves the OpenAPI description of the REST API: docs/api/openapi.yaml, embedded at build time (contract section 5).
#pragma once

#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <string_view>

namespace cm::http {

/// The OpenAPI 3.1 document of this version's API, as YAML.
[[nodiscard]] std::string_view openapi_document() noexcept;

/// The document: 200 as application/yaml with ETag, or 304.
[[nodiscard]] response render_openapi(const request_head& from);

/// An HTML page with a table of all operations and the document. It has no scripts and no external resources, and its
/// Content-Security-Policy forbids both. 200 with ETag, or 304.
[[nodiscard]] response render_docs(const request_head& from);

} // namespace cm::http
