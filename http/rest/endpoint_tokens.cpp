#include "http/rest/endpoint_tokens.hpp"

#include "core/base/identifiers.hpp"
#include "core/base/time.hpp"
#include "http/json/json.hpp"
#include "http/json/json_writer.hpp"
#include "http/rest/negotiation.hpp"
#include "http/rest/token_fields.hpp"

#include <string_view>
#include <utility>

namespace cm::http {

namespace {

std::optional<core::field_error> check_endpoint_id(std::string_view id) {
  if (core::is_endpoint_id(id))
    return std::nullopt;
  return core::field_error{"endpointId", "must be 1 to 255 letters, digits, '.', '_', '~' or '-'"};
}

core::expected<core::create_token_request> read_token_request(const boost::json::object& body,
                                                              std::string_view endpoint_id) {
  member_reader members{body};
  if (auto wrong = check_endpoint_id(endpoint_id))
    members.reject(wrong->field, std::move(wrong->message));
  const auto application = required_application(members);
  const auto token = optional_token(members);
  if (!members.errors().empty())
    return invalid_request(members.errors());
  core::create_token_request result{std::string{endpoint_id}, std::string{application}, std::nullopt};
  if (token)
    result.token.emplace(std::string{*token});
  return result;
}

void write_item(json_writer& out, const core::endpoint_token& token) {
  out.begin_object()
    .member("endpointTokenId", core::to_string(token.id))
    .member("status", core::to_string(token.status))
    .member("applicationName", token.application)
    .member("createdDate", core::to_iso8601(token.created_at));
  if (token.updated_at)
    out.member("updateDate", core::to_iso8601(*token.updated_at));
  out.end_object();
}

std::string item_text(const core::endpoint_token& token) {
  json_writer out;
  write_item(out, token);
  return out.take();
}

std::string page_text(const std::vector<core::endpoint_token>& page, std::uint64_t total) {
  constexpr std::size_t usual_item = 192;
  json_writer out;
  out.reserve(page.size() * usual_item + usual_item);
  out.begin_object().key("content").begin_array();
  for (const auto& token : page)
    write_item(out, token);
  out.end_array().member("totalElements", total).end_object();
  return out.take();
}

void write_record(json_writer& out, const core::audit_record& record) {
  out.begin_object().member("date", core::to_iso8601(record.at));
  if (record.from)
    out.member("from", core::to_string(*record.from));
  if (record.to)
    out.member("to", core::to_string(*record.to));
  if (!record.actor.empty())
    out.member("by", record.actor);
  out.member("how", core::to_string(record.how)).member("correlationId", record.correlation_id).end_object();
}

} // namespace

core::expected<token_path> parse_token_path(const path_parameters& path) {
  auto endpoint_id = parse_endpoint_path(path);
  if (endpoint_id.has_error())
    return endpoint_id.error();
  const auto id = core::parse_uuid(path["endpointTokenId"]);
  if (!id)
    return core::make_error(core::errc::not_found, "Endpoint token not found");
  return token_path{std::move(*endpoint_id), *id};
}

core::expected<std::string> parse_endpoint_path(const path_parameters& path) {
  const std::string_view id = path["endpointId"];
  if (auto wrong = check_endpoint_id(id))
    return invalid_request({std::move(*wrong)});
  return std::string{id};
}

core::expected<core::credential_status> parse_status_body(const request& from) {
  const auto body = parse_json_body(from.body());
  if (body.has_error())
    return body.error();
  member_reader members{*body};
  const std::string_view text = members.required_string("status");
  const auto status = core::parse_credential_status(text);
  if (members.errors().empty() && !status)
    members.reject("status", "must be Inactive, Active, Suspended or Revoked");
  if (!members.errors().empty())
    return invalid_request(members.errors());
  return *status;
}

core::expected<core::create_token_request> parse_create(const request& from, const path_parameters& path) {
  const auto body = parse_json_body(from.body());
  if (body.has_error())
    return body.error();
  return read_token_request(*body, path["endpointId"]);
}

response render_created(const core::endpoint_token& created, const core::secret& value) {
  constexpr std::size_t fixed_members = 256;
  const std::string id = core::to_string(created.id);
  json_writer out;
  // Reserved in full: a reallocation would leave an unwiped copy of the token.
  out.reserve(fixed_members + max_escape * value.reveal().size() + created.application.size());
  out.begin_object()
    .member("token", value.reveal())
    .member("endpointTokenId", id)
    .member("applicationName", created.application)
    .member("status", core::to_string(created.status))
    .member("createdDate", core::to_iso8601(created.created_at))
    .end_object();
  response result = json_response(201, out.take());
  result.sensitive = true;
  result.with("Location", "/api/v1/endpoints/" + created.endpoint_id + "/tokens/" + id);
  return result;
}

core::expected<list_tokens_request> parse_list(const request_head& from, const path_parameters& path) {
  query_reader query{from};
  if (auto wrong = check_endpoint_id(path["endpointId"]))
    query.reject(wrong->field, std::move(wrong->message));
  list_tokens_request result;
  result.endpoint_id = std::string{path["endpointId"]};
  result.statuses = query.statuses();
  const page_request page = query.page();
  result.offset = page.offset;
  result.limit = page.limit;
  result.order = query.order();
  if (!query.errors().empty())
    return invalid_request(query.errors());
  return result;
}

response render_page(const request_head& from, const std::vector<core::endpoint_token>& page, std::uint64_t total,
                     const core::token_digest& digest) {
  return render_tagged(from, media::json, page_text(page, total), entity_tag_of_list(digest));
}

response render_token(const request_head& from, const core::endpoint_token& token) {
  return render_tagged(from, media::json, item_text(token));
}

response render_changed_token(const core::endpoint_token& token) {
  return render_changed(media::json, item_text(token));
}

std::string entity_tag_of(const core::endpoint_token& token) {
  return entity_tag(item_text(token));
}

std::string entity_tag_of_list(const core::token_digest& digest) {
  return entity_tag("endpoint tokens " + std::to_string(digest.count) + ' ' + std::to_string(digest.high) + ' '
                    + std::to_string(digest.low));
}

response render_history(const request_head& from, const std::vector<core::audit_record>& page, std::uint64_t total) {
  json_writer out;
  out.begin_object().key("content").begin_array();
  for (const auto& record : page)
    write_record(out, record);
  out.end_array().member("totalElements", total).end_object();
  return render_tagged(from, media::json, out.take());
}

response no_content() {
  return empty_response(204);
}

} // namespace cm::http
