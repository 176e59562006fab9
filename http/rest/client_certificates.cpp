#include "http/rest/client_certificates.hpp"

#include "core/base/uuid.hpp"
#include "core/certificates/certificate_identity.hpp"
#include "core/certificates/serial_number.hpp"
#include "http/json/json.hpp"
#include "http/rest/query.hpp"

#include <string_view>
#include <utility>

namespace cm::http {

namespace {

// Returns the canonical form of a member or parameter; adds an error and returns an empty one if it has none.
template <class Reader, class Form>
Form canonical(Reader& from, std::string_view name, core::expected<Form> result) {
  if (result.has_value())
    return std::move(*result);
  from.reject(name, std::move(result.error().message));
  return {};
}

void read_names(member_reader& members, create_x509_request& target) {
  const std::size_t before = members.errors().size();
  const std::string_view issuer = members.required_string("issuer");
  if (members.errors().size() == before)
    target.issuer = canonical(members, "issuer", core::read_distinguished_name(issuer));
  const std::size_t between = members.errors().size();
  const std::string_view serial_number = members.required_string("serialNumber");
  if (members.errors().size() == between)
    target.serial_number = canonical(members, "serialNumber", core::normalised_serial_number(serial_number));
}

void read_certificate(member_reader& members, std::string_view pem, create_x509_request& target) {
  auto identity = core::identify_certificate(pem);
  if (identity.has_error()) {
    members.reject("certificate", std::move(identity.error().message));
    return;
  }
  target.issuer = core::distinguished_name_of(std::move(identity->issuer));
  target.serial_number = std::move(identity->serial_number);
}

bool has(const boost::json::object& body, std::string_view name) {
  const auto* found = body.if_contains(boost::json::string_view{name.data(), name.size()});
  return found != nullptr && !found->is_null();
}

core::expected<create_x509_request> read_certificate_request(const boost::json::object& body) {
  member_reader members{body};
  create_x509_request result;
  const bool names = has(body, "issuer") || has(body, "serialNumber");
  if (!has(body, "certificate")) {
    if (names)
      read_names(members, result);
    else
      members.reject("certificate", "is required, unless issuer and serialNumber are given");
  } else if (names) {
    members.reject("certificate", "must not be given together with issuer and serialNumber");
  } else if (const auto pem = members.optional_string("certificate")) {
    read_certificate(members, *pem, result);
  }
  result.client_id = optional_client_id(members);
  if (!members.errors().empty())
    return invalid_request(members.errors());
  return result;
}

} // namespace

core::expected<create_x509_request> parse_create_x509(const request& from) {
  const auto body = parse_json_body(from.body());
  if (body.has_error())
    return body.error();
  return read_certificate_request(*body);
}

core::expected<list_clients_request> parse_list_x509(const request_head& from) {
  query_reader query{from};
  list_clients_request result;
  result.statuses = query.statuses();
  if (const auto issuer = query.text("issuer")) {
    auto name = canonical(query, "issuer", core::read_distinguished_name(*issuer));
    result.issuers = std::move(name.others);
    result.issuers.push_back(std::move(name.canonical));
  }
  if (const auto serial_number = query.text("serialNumber"))
    result.serial_number = canonical(query, "serialNumber", core::normalised_serial_number(*serial_number));
  read_page(query, result);
  if (!query.errors().empty())
    return invalid_request(query.errors());
  return result;
}

response render_created_x509(const core::client_credential& created) {
  response result = render_changed_client(created);
  result.status = 201;
  result.with("Location", "/api/v1/clients/certificates/" + core::to_string(created.id));
  return result;
}

} // namespace cm::http
