// Content negotiation and conditional requests: Accept, Content-Type, ETag, If-None-Match and If-Match.
#pragma once

#include "core/base/error.hpp"
#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

namespace cm::http {

/// The media types of the API.
enum class media : std::uint8_t {
  json,   ///< application/json
  ndjson, ///< application/x-ndjson: one JSON object per line
  yaml,   ///< application/yaml (RFC 9512)
  html,   ///< text/html
};

/// "application/json" etc., without parameters.
[[nodiscard]] std::string_view to_string(media type) noexcept;

/// Whether an Accept value allows `type`/`subtype` (RFC 9110 section 12.5.1): the most specific matching range decides,
/// q=0 forbids. Malformed ranges are ignored; a value without a well-formed range allows everything.
[[nodiscard]] bool accepts(std::string_view accept, std::string_view type, std::string_view subtype);

/// Whether a Content-Type value is that media type; a charset parameter, if present, must be UTF-8 (`utf-8` or `utf8`,
/// in any case, with or without quotes).
[[nodiscard]] bool is_content_type(std::string_view content_type, media type);

/// `"` + 40 hex digits + `"`: the first 160 bits of the SHA-256 of the representation. The ETags of the platform have
/// 40 digits. SHA-1 would suffice, but would raise questions in security reviews.
[[nodiscard]] std::string entity_tag(std::string_view representation);

/// Whether an If-None-Match value, `*` or a list of tags, contains `etag` by weak comparison (RFC 9110 section 13.1.2).
/// A malformed value matches nothing.
[[nodiscard]] bool if_none_match(std::string_view header_value, std::string_view etag);

/// Whether an If-Match value, `*` or a list of tags, contains `etag` by strong comparison: a weak tag never matches
/// (RFC 9110 section 13.1.1). A malformed value matches nothing.
[[nodiscard]] bool if_match(std::string_view header_value, std::string_view etag);

/// The If-Match value of the request, several headers joined; nullopt if there is none.
[[nodiscard]] std::optional<std::string> if_match_condition(const request_head& request);

/// The conditions of a request that changes or deletes what it addresses: If-Match and If-None-Match. Copies share
/// their state, so one request has one condition; not thread-safe.
class write_condition {
public:
  /// nullopt if the request has neither of the two headers.
  [[nodiscard]] static std::optional<write_condition> of(const request_head& request);

  /// Whether the change may be made to a resource with that tag: If-Match contains it (strong comparison), and
  /// If-None-Match does not (weak comparison); `*` there excludes whatever exists. A tag that If-None-Match contains
  /// excludes the change for good: the caller may ask for several states of the resource (see storage::permits()), and
  /// one of them is the current one.
  [[nodiscard]] bool holds(std::string_view etag) const;

private:
  std::optional<std::string> if_match_;
  std::optional<std::string> if_none_match_;
  std::shared_ptr<bool> excluded_ = std::make_shared<bool>(false);
};

/// A representation with its ETag: 200, or 304 without a body if the request's If-None-Match contains the tag.
[[nodiscard]] response render_tagged(const request_head& request, media type, std::string body);

/// The same with a tag from the caller, for a representation that is only a part of the tagged data.
/// @param tag in the format of entity_tag()
[[nodiscard]] response render_tagged(const request_head& request, media type, std::string body, std::string tag);

/// A representation after a change, with its new ETag: 200, regardless of the request's If-None-Match.
[[nodiscard]] response render_changed(media type, std::string body);

/// The same with a tag from the caller, in the format of entity_tag().
[[nodiscard]] response render_changed(media type, std::string body, std::string tag);

/// @return 406 if the request does not accept that media type, nullopt if it does
[[nodiscard]] std::optional<response> refuse_unacceptable(const request_head& request, media offered = media::json);

/// @return 415 if the body is not declared as that media type, nullopt if it is
[[nodiscard]] std::optional<response> refuse_media_type(const request_head& request, media expected = media::json);

/// @return 415 if the body has a Content-Encoding other than `identity`, nullopt if it has none
[[nodiscard]] std::optional<response> refuse_coded_body(const request_head& request);

} // namespace cm::http
