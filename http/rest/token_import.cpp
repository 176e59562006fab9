#include "http/rest/token_import.hpp"

#include "core/base/identifiers.hpp"
#include "core/base/status_phrase.hpp"
#include "core/base/text.hpp"
#include "http/json/json.hpp"
#include "http/json/json_writer.hpp"
#include "http/rest/query.hpp"
#include "http/rest/token_fields.hpp"
#include "http/server/error_status.hpp"

#include <algorithm>
#include <utility>

namespace cm::http {

namespace {

constexpr std::size_t fixed_members = 192;
constexpr int internal_error = 500;
constexpr int unavailable = 503;

// Reserves space for `more` bytes. Wipes the old memory on reallocation, because earlier lines may contain tokens.
void reserve_more(std::string& text, std::size_t more) {
  if (text.capacity() - text.size() >= more)
    return;
  std::string larger;
  larger.reserve(std::max(text.size() + more, 2 * text.capacity()));
  larger.append(text);
  core::wipe(text);
  text = std::move(larger);
}

json_writer begin_line(std::string& out, std::uint64_t line, std::string_view result, std::size_t more) {
  reserve_more(out, fixed_members + more);
  json_writer writer{std::move(out)};
  writer.begin_object().member("line", line).member("result", result);
  return writer;
}

void end_line(std::string& out, json_writer& writer) {
  writer.end_object();
  out = writer.take();
  out.push_back('\n');
}

std::size_t shown_size(const core::error& error) {
  constexpr std::size_t member_names = 32;
  std::size_t size = error.message.size();
  for (const auto& field : error.fields)
    size += field.field.size() + field.message.size() + member_names;
  return max_escape * size;
}

core::expected<core::import_line> read_line(const boost::json::object& from) {
  member_reader members{from};
  const std::string_view endpoint_id = members.required_string("endpointId");
  if (members.errors().empty() && !core::is_endpoint_id(endpoint_id))
    members.reject("endpointId", "must be 1 to 255 letters, digits, '.', '_', '~' or '-'");
  const std::string_view application = required_application(members);
  const auto token = optional_token(members);
  std::optional<core::credential_status> status;
  if (const auto text = members.optional_string("status")) {
    status = core::parse_credential_status(*text);
    if (!status)
      members.reject("status", "must be Inactive, Active, Suspended or Revoked");
  }
  if (!members.errors().empty()) {
    core::error result = core::make_error(core::errc::invalid, "The line is not valid");
    result.fields = members.errors();
    return result;
  }
  core::import_line result{std::string{endpoint_id}, std::string{application}, std::nullopt, status};
  if (token)
    result.token.emplace(std::string{*token});
  return result;
}

} // namespace

core::expected<core::import_line> parse_import_line(std::string_view line) {
  if (core::is_blank(line))
    return core::make_error(core::errc::invalid, "The line is empty, a JSON object is expected");
  const auto object = parse_json_object(line);
  if (object.has_error())
    return object.error();
  return read_line(*object);
}

void write_import_created(std::string& out, std::uint64_t line, const core::uuid& id, core::credential_status status,
                          const core::secret* generated_token) {
  const std::size_t shown = generated_token == nullptr ? 0 : max_escape * generated_token->reveal().size();
  json_writer writer = begin_line(out, line, "created", shown);
  writer.member("endpointTokenId", core::to_string(id)).member("status", core::to_string(status));
  if (generated_token != nullptr)
    writer.member("token", generated_token->reveal());
  end_line(out, writer);
}

void write_import_unchanged(std::string& out, std::uint64_t line, const core::uuid& id,
                            core::credential_status status) {
  json_writer writer = begin_line(out, line, "unchanged", 0);
  writer.member("endpointTokenId", core::to_string(id)).member("status", core::to_string(status));
  end_line(out, writer);
}

void write_import_failed(std::string& out, std::uint64_t line, const core::error& error) {
  const int code = status_of(error.code);
  const bool fault = code >= internal_error && code != unavailable;
  const std::string_view reason = core::reason_phrase(code);
  json_writer writer = begin_line(out, line, "failed", shown_size(error) + reason.size());
  writer.member("code", static_cast<std::uint64_t>(code))
    .member("message", error.message.empty() || fault ? reason : std::string_view{error.message});
  if (error.code == core::errc::invalid && !error.fields.empty()) {
    writer.key("errors").begin_array();
    for (const auto& field : error.fields)
      writer.begin_object().member("field", field.field).member("message", field.message).end_object();
    writer.end_array();
  }
  end_line(out, writer);
}

} // namespace cm::http
