#include "http/rest/client_credentials.hpp"

#include "core/base/identifiers.hpp"
#include "core/base/text.hpp"
#include "core/base/time.hpp"
#include "core/credentials/password_hash.hpp"
#include "http/json/json.hpp"
#include "http/json/json_writer.hpp"
#include "http/rest/negotiation.hpp"

#include <charconv>
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

namespace {

// Cursors are opaque to clients: a version, the time of the creation, and the ID.
constexpr std::string_view position_version = "01"; // to be changed if the meaning of the rest changes
constexpr std::size_t position_time_digits = 16;

std::string write_position(const client_position& last) {
  std::string cursor{position_version};
  core::append_hex(cursor, static_cast<std::uint64_t>(core::to_unix_ms(last.created_at)), position_time_digits);
  return cursor + core::to_string(last.id);
}

std::optional<client_position> read_position(std::string_view text) {
  constexpr int base = 16;
  if (text.size() < position_version.size() + position_time_digits || !text.starts_with(position_version))
    return std::nullopt;
  const auto time = text.substr(position_version.size(), position_time_digits);
  const auto id = core::parse_uuid(text.substr(position_version.size() + position_time_digits));
  std::uint64_t ms = 0;
  const auto read = std::from_chars(time.data(), time.data() + time.size(), ms, base);
  if (!id || read.ec != std::errc{} || read.ptr != time.data() + time.size())
    return std::nullopt;
  return client_position{core::from_unix_ms(static_cast<std::int64_t>(ms)), *id};
}

} // namespace

void read_page(query_reader& query, list_clients_request& target) {
  if (const auto text = query.text("after")) {
    target.after = read_position(*text);
    if (!target.after)
      query.reject("after", "must be a cursor that an earlier response returned as `next`");
    else if (query.text("offset"))
      query.reject("offset", "must not be given together with after");
  }
  const page_request page = query.page();
  target.offset = page.offset;
  target.limit = page.limit;
  target.order = query.order();
  if (const auto total = query.text("total")) {
    target.exact_total = *total == "exact";
    if (!target.exact_total)
      query.reject("total", "must be exact");
  }
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
  read_page(query, result);
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

std::string page_text(const clients_page& page, last_use use) {
  constexpr std::size_t usual_item = 288;
  json_writer out;
  out.reserve(page.items.size() * usual_item + usual_item);
  out.begin_object().key("content").begin_array();
  for (const auto& credential : page.items)
    write_client(out, credential, nullptr, use);
  out.end_array();
  if (page.total)
    out.member("totalElements", *page.total);
  if (page.total && !page.total_is_exact)
    out.member_flag("totalIsLowerBound", true);
  if (page.next)
    out.member("next", write_position(*page.next));
  out.end_object();
  return out.take();
}

} // namespace

response render_clients_page(const request_head& from, const clients_page& page) {
  return render_tagged(from, media::json, page_text(page, last_use::shown), entity_tag_of_page(page));
}

std::string entity_tag_of_page(const clients_page& page) {
  return entity_tag(page_text(page, last_use::omitted));
}

std::string entity_tag_of(const core::client_credential& credential) {
  return entity_tag(client_text(credential, last_use::omitted));
}

} // namespace cm::http
