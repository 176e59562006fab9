// The header values that decide about representations: Accept, Content-Type, ETag and If-None-Match.
#pragma once

#include "core/base/error.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cm::http {

/// What the API speaks.
enum class media : std::uint8_t {
  json,   ///< application/json
  ndjson, ///< application/x-ndjson: one JSON object a line
  yaml,   ///< application/yaml (RFC 9512)
  html,   ///< text/html
};

/// "application/json" and so on, without parameters.
[[nodiscard]] std::string_view to_string(media type) noexcept;

/// Whether an Accept value lets `type`/`subtype` pass (RFC 9110 section 12.5.1): the most specific matching range
/// decides, q=0 forbids. Ranges that cannot be read are passed over; a value without a readable one forbids nothing.
[[nodiscard]] bool accepts(std::string_view accept, std::string_view type, std::string_view subtype);

/// Whether a Content-Type value is that media type, its charset, if any, UTF-8.
[[nodiscard]] bool is_content_type(std::string_view content_type, media type);

/// `"` + 40 hex digits + `"`: the first 160 bits of the SHA-256 of the representation. (The platform's ETags have
/// 40 digits; SHA-1 would do, and only raise questions.)
[[nodiscard]] std::string entity_tag(std::string_view representation);

/// Whether an If-None-Match value names `etag`: `*` or a list of tags, weak comparison (RFC 9110 section 13.1.2).
/// A value that is not well-formed matches nothing.
[[nodiscard]] bool if_none_match(std::string_view header_value, std::string_view etag);

/// Whether an If-Match value names `etag`: `*` or a list of tags, strong comparison: a weak tag never matches (RFC 9110
/// section 13.1.1). A value that is not well-formed matches nothing.
[[nodiscard]] bool if_match(std::string_view header_value, std::string_view etag);

/// The If-Match of the request, several headers joined; nothing when there is none.
[[nodiscard]] std::optional<std::string> if_match_condition(const request_head& request);

/// A representation with its ETag: 200, or 304 without a body when the request's If-None-Match names it.
[[nodiscard]] response render_tagged(const request_head& request, media type, std::string body);

/// The same with a tag of the caller's, for a representation that is part of what the tag covers.
/// @param tag as entity_tag() makes it
[[nodiscard]] response render_tagged(const request_head& request, media type, std::string body, std::string tag);

/// A representation after a change, with its new ETag: 200, whatever the request's If-None-Match.
[[nodiscard]] response render_changed(media type, std::string body);

/// 406 when the request does not accept that media type; nothing when it does.
[[nodiscard]] std::optional<response> refuse_unacceptable(const request_head& request, media offered = media::json);

/// 415 when the body is not declared as that media type; nothing when it is.
[[nodiscard]] std::optional<response> refuse_media_type(const request_head& request, media expected = media::json);

} // namespace cm::http
