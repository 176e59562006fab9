#include "http/rest/client_credentials.hpp"

#include "core/base/identifiers.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/credentials/password_hash.hpp"
#include "http/json/json.hpp"
#include "http/json/json_writer.hpp"
#include "http/rest/negotiation.hpp"

#include <utility>

namespace cm::http {

namespace {

std::optional<core::secret> optional_password(member_reader& members) {
  const auto given = members.optional_string("password");
  if (!given)
    return std::nullopt;
  if (given->size() > core::max_password_length || core::count_characters(*given) < min_password_characters) {
    members.reject("password", "must be at least 8 characters and at most 1024 bytes of UTF-8");
    return std::nullopt;
  }
  if (!core::is_client_password(*given)) {
    members.reject("password", "must not contain the character U+0000, because no client could log in with it");
    return std::nullopt;
  }
  return core::secret{std::string{*given}};
}

core::expected<create_basic_request> read_login_request(const boost::json::object& body) {
  member_reader members{body};
  create_basic_request result;
  result.username = std::string{members.required_string("username")};
  if (members.errors().empty() && !core::is_client_name(result.username))
    members.reject("username", std::string{client_name_rule});
  result.password = optional_password(members);
  result.client_id = optional_client_id(members);
  if (!members.errors().empty())
    return invalid_request(members.errors());
  return result;
}

// The last use is part of the representation, but not of the text that an entity tag is computed from: the tag covers
// what an operator can change.
enum class last_use : std::uint8_t { shown, omitted };

void write_client(json_writer& out, const core::client_credential& credential, const core::secret* password,
                  last_use use = last_use::shown) {
  out.begin_object().member("credentialId", core::to_string(credential.id));
  if (credential.kind == core::client_kind::basic)
    out.member("username", credential.username);
  else
    out.member("issuer", credential.issuer).member("serialNumber", credential.serial_number);
  if (password != nullptr)
    out.member("password", password->reveal());
  out.member("clientId", credential.client_id)
    .member("status", core::to_string(credential.status))
    .member("createdDate", core::to_iso8601(credential.created_at));
  if (credential.updated_at)
    out.member("updateDate", core::to_iso8601(*credential.updated_at));
  if (credential.last_used_at && use == last_use::shown)
    out.member("lastUseDate", core::to_iso8601(*credential.last_used_at));
  out.end_object();
}

std::string client_text(const core::client_credential& credential, last_use use = last_use::shown) {
  json_writer out;
  write_client(out, credential, nullptr, use);
  return out.take();
}

// A credential with the password that CM generated for it.
response render_with_password(int status, const core::client_credential& credential, const core::secret& password) {
  constexpr std::size_t fixed_members = 384;
  json_writer out;
  // Reserved in full: a reallocation would leave an unwiped copy of the password.
  out.reserve(fixed_members
              + max_escape * (credential.username.size() + credential.client_id.size() + password.reveal().size()));
  write_client(out, credential, &password);
  response result = json_response(status, out.take());
  result.sensitive = true;
  return result;
}

} // namespace

std::optional<std::string> optional_client_id(member_reader& members) {
  const auto given = members.optional_string("clientId");
  if (!given)
    return std::nullopt;
  if (!core::is_client_name(*given))
    members.reject("clientId", std::string{client_name_rule});
  return std::string{*given};
}

core::expected<core::uuid> parse_credential_path(const path_parameters& path) {
  const auto id = core::parse_uuid(path["credentialId"]);
  if (!id)
    return core::make_error(core::errc::not_found, "Client credential not found");
  return *id;
}

core::expected<create_basic_request> parse_create_basic(const request& from) {
  const auto body = parse_json_body(from.body());
  if (body.has_error())
    return body.error();
  return read_login_request(*body);
}

core::expected<std::optional<core::secret>> parse_password_body(const request& from) {
  const auto body = parse_json_body(from.body());
  if (body.has_error())
    return body.error();
  member_reader members{*body};
  auto password = optional_password(members);
  if (!members.errors().empty())
    return invalid_request(members.errors());
  return password;
}

core::expected<list_clients_request> parse_list_basic(const request_head& from) {
  query_reader query{from};
  list_clients_request result;
  result.statuses = query.statuses();
  if (const auto username = query.text("username")) {
    if (!core::is_client_name(*username))
      query.reject("username", std::string{client_name_rule});
    result.username.emplace(*username);
  }
  const page_request page = query.page();
  result.offset = page.offset;
  result.limit = page.limit;
  result.order = query.order();
  if (!query.errors().empty())
    return invalid_request(query.errors());
  return result;
}

response render_client(const request_head& from, const core::client_credential& credential) {
  return render_tagged(from, media::json, client_text(credential), entity_tag_of(credential));
}

response render_changed_client(const core::client_credential& credential) {
  return render_changed(media::json, client_text(credential), entity_tag_of(credential));
}

response render_created_basic(const core::client_credential& created, const core::secret* generated_password) {
  response result = generated_password == nullptr ? json_response(201, client_text(created))
                                                  : render_with_password(201, created, *generated_password);
  result.with("Location", "/api/v1/clients/credentials/" + core::to_string(created.id));
  return result;
}

response render_password_changed(const core::client_credential& changed, const core::secret* generated) {
  if (generated == nullptr)
    return render_changed_client(changed);
  response result = render_with_password(200, changed, *generated);
  result.with("ETag", entity_tag_of(changed));
  return result;
}

namespace {

std::string page_text(const std::vector<core::client_credential>& page, std::uint64_t total, last_use use) {
  constexpr std::size_t usual_item = 288;
  json_writer out;
  out.reserve(page.size() * usual_item + usual_item);
  out.begin_object().key("content").begin_array();
  for (const auto& credential : page)
    write_client(out, credential, nullptr, use);
  out.end_array().member("totalElements", total).end_object();
  return out.take();
}

} // namespace

response render_clients_page(const request_head& from, const std::vector<core::client_credential>& page,
                             std::uint64_t total) {
  return render_tagged(from, media::json, page_text(page, total, last_use::shown), entity_tag_of_page(page, total));
}

std::string entity_tag_of_page(const std::vector<core::client_credential>& page, std::uint64_t total) {
  return entity_tag(page_text(page, total, last_use::omitted));
}

std::string entity_tag_of(const core::client_credential& credential) {
  return entity_tag(client_text(credential, last_use::omitted));
}

} // namespace cm::http
