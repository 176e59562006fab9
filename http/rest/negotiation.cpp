#include "http/rest/negotiation.hpp"

#include "core/base/openssl_handles.hpp"
#include "core/base/text.hpp"
#include "http/server/problem.hpp"

#include <algorithm>
#include <array>
#include <stdexcept>
#include <utility>
#include <vector>

namespace cm::http {

namespace {

// Without the optional white space around an element of a header: spaces and tabs only (RFC 9110 section 5.6.3).
std::string_view without_spaces(std::string_view text) noexcept {
  return core::trimmed(text, " \t");
}

// Removes and returns the text before the next separator that is not inside a quoted string.
std::string_view next_part(std::string_view& rest, char separator) noexcept {
  bool quoted = false;
  std::size_t end = 0;
  for (; end < rest.size(); ++end) {
    if (quoted && rest[end] == '\\') {
      ++end;
    } else if (rest[end] == '"') {
      quoted = !quoted;
    } else if (!quoted && rest[end] == separator) {
      break;
    }
  }
  end = std::min(end, rest.size());
  const std::string_view part = rest.substr(0, end);
  rest.remove_prefix(std::min(end + 1, rest.size()));
  return without_spaces(part);
}

bool is_token(std::string_view text) noexcept {
  constexpr std::string_view marks = "!#$%&'*+-.^_`|~";
  for (const char c : text) {
    if (!core::is_letter_or_digit(c) && marks.find(c) == std::string_view::npos)
      return false;
  }
  return !text.empty();
}

struct parameter {
  std::string_view name;
  std::string value; // without quotes
};

// White space around the equals sign is not allowed (RFC 9110 section 5.6.6), but Spring accepts it.
std::optional<parameter> read_parameter(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || !is_token(without_spaces(text.substr(0, equals))))
    return std::nullopt;
  parameter found{without_spaces(text.substr(0, equals)), {}};
  std::string_view value = without_spaces(text.substr(equals + 1));
  if (value.empty() || value.front() != '"') {
    if (!is_token(value))
      return std::nullopt;
    found.value = std::string{value};
    return found;
  }
  if (value.size() < 2 || value.back() != '"')
    return std::nullopt;
  value = value.substr(1, value.size() - 2);
  for (std::size_t i = 0; i < value.size(); ++i) {
    if (value[i] == '\\' && i + 1 < value.size())
      ++i;
    found.value.push_back(value[i]);
  }
  return found;
}

struct media_type {
  std::string_view type;
  std::string_view subtype;
  std::vector<parameter> parameters;
};

std::optional<media_type> read_media_type(std::string_view text) {
  const std::string_view essence = next_part(text, ';');
  const std::size_t slash = essence.find('/');
  if (slash == std::string_view::npos)
    return std::nullopt;
  media_type found{essence.substr(0, slash), essence.substr(slash + 1), {}};
  if (!is_token(found.type) || !is_token(found.subtype))
    return std::nullopt;
  while (!text.empty()) {
    const std::string_view part = next_part(text, ';');
    if (part.empty())
      continue;
    auto parameter = read_parameter(part);
    if (!parameter)
      return std::nullopt;
    found.parameters.push_back(std::move(*parameter));
  }
  return found;
}

// qvalue in thousandths: ( "0" [ "." 0*3DIGIT ] ) / ( "1" [ "." 0*3("0") ] ), RFC 9110 section 12.4.2.
std::optional<int> read_quality(std::string_view text) noexcept {
  constexpr std::size_t max_length = 5;
  if (text.empty() || text.size() > max_length || (text[0] != '0' && text[0] != '1'))
    return std::nullopt;
  if (text.size() > 1 && text[1] != '.')
    return std::nullopt;
  int quality = (text[0] - '0') * 1000;
  int weight = 100;
  for (const char digit : text.substr(std::min<std::size_t>(2, text.size()))) {
    if (!core::is_digit(digit))
      return std::nullopt;
    quality += (digit - '0') * weight;
    weight /= 10;
  }
  if (quality > 1000)
    return std::nullopt;
  return quality;
}

// How specifically a range matches the type: 0 no match, 1 "*/*", 2 "type/*", 3 "type/subtype", 4 with parameters.
int specificity(const media_type& range, std::string_view type, std::string_view subtype) noexcept {
  if (range.type == "*")
    return range.subtype == "*" ? 1 : 0;
  if (!core::equals_ignoring_case(range.type, type))
    return 0;
  if (range.subtype == "*")
    return 2;
  if (!core::equals_ignoring_case(range.subtype, subtype))
    return 0;
  return range.parameters.empty() ? 3 : 4;
}

struct given_tag {
  std::string_view opaque; // including its quotes
  bool weak = false;
};

// Removes and returns the entity tag at the start of `rest`; nullopt if there is none.
std::optional<given_tag> next_tag(std::string_view& rest) noexcept {
  given_tag found;
  found.weak = rest.substr(0, 2) == "W/";
  if (found.weak)
    rest.remove_prefix(2);
  if (rest.empty() || rest.front() != '"')
    return std::nullopt;
  const std::size_t end = rest.find('"', 1);
  if (end == std::string_view::npos)
    return std::nullopt;
  found.opaque = rest.substr(0, end + 1);
  rest = without_spaces(rest.substr(end + 1));
  return found;
}

// Whether a value of the parameter `charset` means UTF-8. `UTF8` is the name that Java and others give it; Spring also
// accepts single quotes, which are part of a token.
bool is_utf8_charset(std::string_view value) noexcept {
  if (value.size() > 1 && value.front() == '\'' && value.back() == '\'')
    value = value.substr(1, value.size() - 2);
  return core::equals_ignoring_case(value, "utf-8") || core::equals_ignoring_case(value, "utf8");
}

// Whether `header_value` is `*` or a well-formed list of tags that contains `etag`. Weak tags match only if
// `weak_counts`.
bool names_tag(std::string_view header_value, std::string_view etag, bool weak_counts) {
  std::string_view rest = without_spaces(header_value);
  if (rest == "*")
    return true;
  bool found = false;
  while (!rest.empty()) {
    if (rest.front() == ',') { // empty list elements are allowed (RFC 9110 section 5.6.1.2)
      rest = without_spaces(rest.substr(1));
      continue;
    }
    const auto tag = next_tag(rest);
    if (!tag || (!rest.empty() && rest.front() != ','))
      return false;
    found = found || (tag->opaque == etag && (weak_counts || !tag->weak));
  }
  return found;
}

} // namespace

std::string_view to_string(media type) noexcept {
  switch (type) {
  case media::json:
    return "application/json";
  case media::ndjson:
    return "application/x-ndjson";
  case media::yaml:
    return "application/yaml";
  case media::html:
    return "text/html";
  }
  return {};
}

bool accepts(std::string_view accept, std::string_view type, std::string_view subtype) {
  int best = 0;
  int quality = 0;
  bool any = false;
  while (!accept.empty()) {
    auto range = read_media_type(next_part(accept, ','));
    if (!range)
      continue;
    int q = 1000;
    bool readable = true;
    std::vector<parameter> own;
    for (auto& parameter : range->parameters) {
      if (!core::equals_ignoring_case(parameter.name, "q")) {
        own.push_back(std::move(parameter));
        continue;
      }
      const auto given = read_quality(parameter.value);
      readable = given.has_value();
      q = given.value_or(0);
      break; // parameters after q belong to Accept, not to the media type
    }
    if (!readable)
      continue;
    range->parameters = std::move(own);
    any = true;
    const int exactness = specificity(*range, type, subtype);
    if (exactness > best || (exactness == best && exactness > 0 && q > quality)) {
      best = exactness;
      quality = q;
    }
  }
  return !any || (best > 0 && quality > 0);
}

bool is_content_type(std::string_view content_type, media type) {
  const auto found = read_media_type(content_type);
  const std::string_view wanted = to_string(type);
  const std::size_t slash = wanted.find('/');
  if (!found || !core::equals_ignoring_case(found->type, wanted.substr(0, slash))
      || !core::equals_ignoring_case(found->subtype, wanted.substr(slash + 1)))
    return false;
  for (const auto& parameter : found->parameters) {
    if (core::equals_ignoring_case(parameter.name, "charset") && !is_utf8_charset(parameter.value))
      return false;
  }
  return true;
}

std::string entity_tag(std::string_view representation) {
  constexpr std::size_t tag_bytes = 20;
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned int length = 0;
  if (EVP_Digest(representation.data(), representation.size(), digest.data(), &length, core::sha256(), nullptr) != 1
      || length < tag_bytes)
    throw std::runtime_error("SHA-256 is not available");
  std::string tag = "\"";
  tag.reserve(2 * tag_bytes + 2);
  for (std::size_t i = 0; i < tag_bytes; ++i)
    core::append_hex(tag, digest[i]);
  tag.push_back('"');
  return tag;
}

bool if_none_match(std::string_view header_value, std::string_view etag) {
  return names_tag(header_value, etag, true);
}

bool if_match(std::string_view header_value, std::string_view etag) {
  return names_tag(header_value, etag, false);
}

std::optional<std::string> if_match_condition(const request_head& request) {
  return request.joined_header("If-Match");
}

std::optional<write_condition> write_condition::of(const request_head& request) {
  write_condition found;
  found.if_match_ = if_match_condition(request);
  found.if_none_match_ = request.joined_header("If-None-Match");
  if (!found.if_match_ && !found.if_none_match_)
    return std::nullopt;
  return found;
}

bool write_condition::holds(std::string_view etag) const {
  if (if_none_match_ && if_none_match(*if_none_match_, etag))
    *excluded_ = true;
  return !*excluded_ && (!if_match_ || if_match(*if_match_, etag));
}

namespace {

response tagged(media type, std::string body, std::string tag) {
  response result;
  result.content_type = std::string{to_string(type)};
  result.body = std::move(body);
  result.with("ETag", std::move(tag));
  return result;
}

} // namespace

response render_tagged(const request_head& request, media type, std::string body) {
  std::string tag = entity_tag(body);
  return render_tagged(request, type, std::move(body), std::move(tag));
}

response render_tagged(const request_head& request, media type, std::string body, std::string tag) {
  const auto condition = request.joined_header("If-None-Match");
  if (!condition || !if_none_match(*condition, tag))
    return tagged(type, std::move(body), std::move(tag));
  response result;
  result.status = 304;
  result.with("ETag", std::move(tag));
  return result;
}

response render_changed(media type, std::string body) {
  std::string tag = entity_tag(body);
  return tagged(type, std::move(body), std::move(tag));
}

response render_changed(media type, std::string body, std::string tag) {
  return tagged(type, std::move(body), std::move(tag));
}

std::optional<response> refuse_unacceptable(const request_head& request, media offered) {
  const std::string_view type = to_string(offered);
  const std::size_t slash = type.find('/');
  const auto accept = request.joined_header("Accept");
  if (!accept || accepts(*accept, type.substr(0, slash), type.substr(slash + 1)))
    return std::nullopt;
  return problem(request, 406, "Only " + std::string{type} + " is available");
}

std::optional<response> refuse_media_type(const request_head& request, media expected) {
  const auto content_type = request.header("Content-Type");
  if (content_type && request.header_count("Content-Type") == 1 && is_content_type(*content_type, expected))
    return std::nullopt;
  const std::string type{to_string(expected)};
  return problem(request, 415, "The body must be " + type).with("Accept", type);
}

std::optional<response> refuse_coded_body(const request_head& request) {
  const auto codings = request.joined_header("Content-Encoding");
  if (!codings)
    return std::nullopt;
  std::string_view rest = *codings;
  while (!rest.empty()) {
    const std::string_view coding = next_part(rest, ',');
    if (!coding.empty() && !core::equals_ignoring_case(coding, "identity"))
      return problem(request, 415, "A coded body (Content-Encoding) is not supported")
        .with("Accept-Encoding", "identity");
  }
  return std::nullopt;
}

} // namespace cm::http
