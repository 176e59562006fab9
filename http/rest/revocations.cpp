#include "http/rest/revocations.hpp"

#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "http/json/json_writer.hpp"
#include "http/rest/negotiation.hpp"
#include "http/rest/query.hpp"

#include <charconv>
#include <limits>

namespace cm::http {

namespace {

constexpr std::string_view cursor_version = "01"; // to be changed if the meaning of the number changes
constexpr std::size_t number_digits = 16;
constexpr std::uint64_t max_revocations = 1000;
constexpr auto max_sequence = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

void write_tokens(json_writer& out, const core::revocation& of) {
  out.member("type", "endpoint-tokens")
    .member("applicationName", of.application)
    .member("endpointId", of.endpoint_id)
    .key("endpointTokenIds")
    .begin_array();
  for (const auto& id : of.ids)
    out.value(core::to_string(id));
  out.end_array();
}

void write_client(json_writer& out, const core::revocation& of) {
  out.member("type", "client-credential");
  if (!of.ids.empty())
    out.member("credentialId", core::to_string(of.ids.front()));
}

void write_revocation(json_writer& out, const core::revocation& of) {
  out.begin_object();
  if (of.kind == core::revoked_kind::endpoint_tokens)
    write_tokens(out, of);
  else
    write_client(out, of);
  if (of.to)
    out.member("status", core::to_string(*of.to));
  else
    out.member_flag("deleted", true);
  out.member("date", core::to_iso8601(of.at)).member("correlationId", of.correlation_id).end_object();
}

} // namespace

std::string write_cursor(std::uint64_t sequence) {
  std::string result{cursor_version};
  core::append_hex(result, sequence, number_digits);
  return result;
}

std::optional<std::uint64_t> read_cursor(std::string_view text) noexcept {
  constexpr int base = 16;
  if (text.size() != cursor_version.size() + number_digits || text.substr(0, cursor_version.size()) != cursor_version)
    return std::nullopt;
  text.remove_prefix(cursor_version.size());
  if (text.find_first_not_of(core::hex_digits) != std::string_view::npos)
    return std::nullopt;
  std::uint64_t sequence = 0;
  std::from_chars(text.data(), text.data() + text.size(), sequence, base);
  if (sequence > max_sequence)
    return std::nullopt;
  return sequence;
}

core::expected<revocations_request> parse_revocations(const request_head& from) {
  query_reader query{from};
  revocations_request result;
  if (const auto text = query.text("after")) {
    if (const auto after = read_cursor(*text))
      result.after = *after;
    else
      query.reject("after", "must be a cursor that an earlier response returned as `next`");
  }
  std::uint64_t limit = result.limit;
  query.number("limit", 1, max_revocations, limit);
  result.limit = static_cast<std::uint32_t>(limit);
  if (!query.errors().empty())
    return invalid_request(query.errors());
  return result;
}

response render_revocations(const request_head& from, const std::vector<core::revocation>& page, std::uint64_t after) {
  json_writer out;
  out.begin_object().key("content").begin_array();
  for (const auto& revocation : page)
    write_revocation(out, revocation);
  out.end_array().member("next", write_cursor(page.empty() ? after : page.back().sequence)).end_object();
  return render_tagged(from, media::json, out.take());
}

} // namespace cm::http
