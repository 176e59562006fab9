#include "http/endpoint_tokens.hpp"

#include "core/identifiers.hpp"
#include "core/time.hpp"
#include "core/uuid.hpp"
#include "http/json.hpp"
#include "http/json_writer.hpp"
#include "http/negotiation.hpp"

#include <algorithm>
#include <charconv>
#include <limits>
#include <string_view>
#include <utility>

namespace cm::http {

namespace {

constexpr std::uint32_t most_items = 1000;

core::error invalid_fields(std::vector<core::field_error> fields) {
  core::error made = core::make_error(core::errc::invalid, "The request is not valid");
  made.fields = std::move(fields);
  return made;
}

void check_endpoint_id(std::string_view id, std::vector<core::field_error>& errors) {
  if (!core::is_endpoint_id(id))
    errors.push_back({"endpointId", "must be 1 to 255 letters, digits, '.', '_', '~' or '-'"});
}

core::expected<create_token_request> read_create(const boost::json::object& body, std::string_view endpoint_id) {
  member_reader members{body};
  std::vector<core::field_error> errors;
  check_endpoint_id(endpoint_id, errors);
  const std::string_view application = members.required_string("applicationName");
  if (members.errors().empty() && !core::is_application_name(application))
    members.reject("applicationName", "must be 1 to 255 of a-z, 0-9, '-' and '_'");
  const auto token = members.optional_string("token");
  if (token && !core::is_endpoint_token(*token))
    members.reject("token", "must be 1 to 255 bytes of UTF-8 without '+', '#', '/', '.' and control characters");
  errors.insert(errors.end(), members.errors().begin(), members.errors().end());
  if (!errors.empty())
    return invalid_fields(std::move(errors));
  create_token_request made{std::string{endpoint_id}, std::string{application}, std::nullopt};
  if (token)
    made.token.emplace(std::string{*token});
  return made;
}

// The value of a parameter that may stand once; nothing when it is missing or empty.
std::optional<std::string_view> single(const request_head& from, std::string_view name,
                                       std::vector<core::field_error>& errors) {
  const auto values = from.parameters(name);
  if (values.size() > 1)
    errors.push_back({std::string{name}, "stands more than once"});
  if (values.size() != 1 || values.front().empty())
    return std::nullopt;
  return values.front();
}

template <class Number>
void read_number(const request_head& from, std::string_view name, Number least, Number most, Number& target,
                 std::vector<core::field_error>& errors) {
  const auto text = single(from, name, errors);
  if (!text)
    return;
  Number number{};
  const char* const end = text->data() + text->size();
  const auto done = std::from_chars(text->data(), end, number);
  if (done.ec != std::errc{} || done.ptr != end || number < least || number > most)
    errors.push_back(
      {std::string{name}, "must be a number from " + std::to_string(least) + " to " + std::to_string(most)});
  else
    target = number;
}

void read_statuses(const request_head& from, std::vector<core::credential_status>& target,
                   std::vector<core::field_error>& errors) {
  for (std::string_view rest : from.parameters("status")) {
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const auto status = core::parse_credential_status(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!status) {
        errors.push_back({"status", "must be Inactive, Active, Suspended or Revoked"});
        return;
      }
      if (std::find(target.begin(), target.end(), *status) == target.end())
        target.push_back(*status);
    }
  }
}

void read_order(const request_head& from, sort_order& target, std::vector<core::field_error>& errors) {
  const auto text = single(from, "order", errors);
  if (!text)
    return;
  if (*text == "ASC")
    target = sort_order::ascending;
  else if (*text == "DESC")
    target = sort_order::descending;
  else
    errors.push_back({"order", "must be ASC or DESC"});
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

} // namespace

core::expected<create_token_request> parse_create(const request& from, const path_parameters& path) {
  auto body = parse_json_object(from.body());
  if (!body)
    return body.error();
  auto made = read_create(*body, path["endpointId"]);
  wipe_strings(*body);
  return made;
}

response render_created(const core::endpoint_token& created, const core::secret& value) {
  constexpr std::size_t fixed_members = 256;
  const std::string id = core::to_string(created.id);
  json_writer out;
  out.reserve(fixed_members + value.reveal().size() + created.application.size()); // no copy stays behind by growing
  out.begin_object()
    .member("token", value.reveal())
    .member("endpointTokenId", id)
    .member("applicationName", created.application)
    .member("status", core::to_string(created.status))
    .member("createdDate", core::to_iso8601(created.created_at))
    .end_object();
  response made = json_response(201, out.take());
  made.sensitive = true;
  made.with("Location", "/api/v1/endpoints/" + created.endpoint_id + "/tokens/" + id);
  return made;
}

core::expected<list_tokens_request> parse_list(const request_head& from, const path_parameters& path) {
  list_tokens_request made;
  std::vector<core::field_error> errors;
  check_endpoint_id(path["endpointId"], errors);
  made.endpoint_id = std::string{path["endpointId"]};
  read_statuses(from, made.statuses, errors);
  constexpr auto most_offset = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());
  read_number<std::uint64_t>(from, "offset", 0, most_offset, made.offset, errors);
  read_number<std::uint32_t>(from, "limit", 1, most_items, made.limit, errors);
  read_order(from, made.order, errors);
  if (!errors.empty())
    return invalid_fields(std::move(errors));
  return made;
}

response render_page(const request_head& from, const std::vector<core::endpoint_token>& page, std::uint64_t total) {
  constexpr std::size_t usual_item = 192;
  json_writer out;
  out.reserve(page.size() * usual_item + usual_item);
  out.begin_object().key("content").begin_array();
  for (const auto& token : page)
    write_item(out, token);
  out.end_array().member("totalElements", total).end_object();
  std::string body = out.take();
  std::string tag = entity_tag(body);
  const auto condition = from.joined_header("If-None-Match");
  response made =
    condition && if_none_match(*condition, tag) ? empty_response(304) : json_response(200, std::move(body));
  made.with("ETag", std::move(tag));
  return made;
}

} // namespace cm::http
