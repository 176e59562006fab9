// The header values that decide about representations: Accept, Content-Type, ETag and If-None-Match.
#pragma once

#include "core/error.hpp"
#include "http/request.hpp"
#include "http/response.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace cm::http {

/// Whether an Accept value lets `type`/`subtype` pass (RFC 9110 section 12.5.1): the most specific matching range
/// decides, q=0 forbids. Ranges that cannot be read are passed over; a value without a readable one forbids nothing.
[[nodiscard]] bool accepts(std::string_view accept, std::string_view type, std::string_view subtype);

/// Whether a Content-Type value is application/json, its charset, if any, UTF-8.
[[nodiscard]] bool is_json_content_type(std::string_view content_type);

/// `"` + 40 hex digits + `"`: the first 160 bits of the SHA-256 of the representation. (The platform's ETags have
/// 40 digits; SHA-1 would do, and only raise questions.)
[[nodiscard]] std::string entity_tag(std::string_view representation);

/// Whether an If-None-Match value names `etag`: `*` or a list of tags, weak comparison (RFC 9110 section 13.1.2).
/// A value that is not well-formed matches nothing.
[[nodiscard]] bool if_none_match(std::string_view header_value, std::string_view etag);

/// 406 when the request does not accept application/json; nothing when it does.
[[nodiscard]] std::optional<response> refuse_unacceptable(const request_head& request);

/// 415 when the body is not declared as JSON; nothing when it is.
[[nodiscard]] std::optional<response> refuse_media_type(const request_head& request);

} // namespace cm::http
