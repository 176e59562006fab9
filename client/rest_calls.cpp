#include "client/rest_calls.hpp"

#include "client/service_url.hpp"

#include <boost/json/serialize.hpp>

#include <array>
#include <utility>

namespace cm::client {

namespace {

namespace json = boost::json;

core::error wrong_operands(std::string what) {
  return core::make_error(core::errc::invalid, std::move(what));
}

// Writes a JSON object of strings without reallocation, so that the caller can wipe all copies of a secret.
class body_writer {
public:
  explicit body_writer(std::size_t value_size) {
    constexpr std::size_t max_escape = 6;
    constexpr std::size_t names = 256;
    out_.reserve(names + max_escape * value_size);
    out_ += '{';
  }

  void add(std::string_view name, std::string_view value) {
    if (out_.size() > 1)
      out_ += ',';
    out_.append("\"").append(name).append("\":");
    auto text = json::serialize(json::string_view{value.data(), value.size()});
    out_ += text;
    core::wipe(text);
  }

  void add(std::string_view name, const std::optional<std::string>& value) {
    if (value)
      add(name, std::string_view(*value));
  }

  [[nodiscard]] std::string take() {
    out_ += '}';
    return std::move(out_);
  }

private:
  std::string out_;
};

class query_writer {
public:
  explicit query_writer(const invocation& of) : of_(of) {}

  query_writer& add(std::string_view option, std::string_view parameter) {
    if (const auto value = of_.value(option)) {
      out_ += out_.empty() ? '?' : '&';
      out_.append(parameter).append("=").append(percent_encoded(*value));
    }
    return *this;
  }

  [[nodiscard]] std::string take() { return std::move(out_); }

private:
  const invocation& of_;
  std::string out_;
};

std::string listing_query(const invocation& of) {
  return query_writer(of)
    .add("--status", "status")
    .add("--username", "username")
    .add("--issuer", "issuer")
    .add("--serial-number", "serialNumber")
    .add("--offset", "offset")
    .add("--limit", "limit")
    .add("--order", "order")
    .take();
}

http::client_request with_body(std::string method, std::string target, std::string body) {
  http::client_request result;
  result.method = std::move(method);
  result.target = std::move(target);
  result.content_type = "application/json";
  result.body = std::move(body);
  return result;
}

http::client_request without_body(std::string method, std::string target) {
  http::client_request result;
  result.method = std::move(method);
  result.target = std::move(target);
  return result;
}

http::client_request new_status(const std::string& item, std::string_view status) {
  body_writer body(status.size());
  body.add("status", status);
  return with_body("PUT", item + "/status", body.take());
}

std::vector<column> columns_of(std::string_view group) {
  if (group == "token")
    return {{"endpointTokenId", "TOKEN ID"},    {"token", "TOKEN"},         {"status", "STATUS"},
            {"applicationName", "APPLICATION"}, {"createdDate", "CREATED"}, {"updateDate", "UPDATED"}};
  if (group == "credential")
    return {{"credentialId", "CREDENTIAL ID"}, {"username", "USERNAME"},   {"password", "PASSWORD"},
            {"clientId", "CLIENT ID"},         {"status", "STATUS"},       {"createdDate", "CREATED"},
            {"updateDate", "UPDATED"},         {"lastUseDate", "LAST USE"}};
  return {{"credentialId", "CREDENTIAL ID"}, {"issuer", "ISSUER"},       {"serialNumber", "SERIAL NUMBER"},
          {"clientId", "CLIENT ID"},         {"status", "STATUS"},       {"createdDate", "CREATED"},
          {"updateDate", "UPDATED"},         {"lastUseDate", "LAST USE"}};
}

std::vector<column> page_columns(std::string_view group) {
  auto result = columns_of(group);
  std::erase_if(result, [](const column& shown) { return shown.member == "token" || shown.member == "password"; });
  return result;
}

// /endpoints/{id}/tokens, or /clients/…
std::string collection_of(const invocation& of) {
  const auto group = of.command->group;
  if (group == "token")
    return "/endpoints/" + percent_encoded(of.operands.front()) + "/tokens";
  return group == "credential" ? "/clients/credentials" : "/clients/certificates";
}

std::string item_of(const invocation& of) {
  return collection_of(of) + '/' + percent_encoded(of.operands.back());
}

core::expected<rest_call> make_creation(const invocation& of, const call_material& with) {
  rest_call result;
  result.columns = columns_of(of.command->group);
  const auto secret = with.secret_value ? with.secret_value->reveal() : std::string_view{};
  body_writer body(secret.size() + with.certificate.size() + std::size_t{4096});
  switch (of.command->id) {
  case command_id::token_create:
    if (!of.has("--application"))
      return wrong_operands("token create needs --application NAME");
    body.add("applicationName", of.value("--application"));
    if (with.secret_value)
      body.add("token", secret);
    result.note = "the token is shown here and never again";
    break;
  case command_id::credential_create:
    body.add("username", std::string_view(of.operands.front()));
    if (with.secret_value)
      body.add("password", secret);
    else
      result.note = "the password is shown here and never again";
    break;
  default:
    if (of.has("--file") == (of.has("--issuer") || of.has("--serial-number")))
      return wrong_operands("certificate create needs --file, or --issuer and --serial-number");
    if (of.has("--issuer") != of.has("--serial-number"))
      return wrong_operands("certificate create needs both of --issuer and --serial-number");
    if (of.has("--file"))
      body.add("certificate", std::string_view(with.certificate));
    body.add("issuer", of.value("--issuer"));
    body.add("serialNumber", of.value("--serial-number"));
    break;
  }
  body.add("clientId", of.value("--client-id"));
  result.request = with_body("POST", collection_of(of), body.take());
  return result;
}

core::expected<rest_call> make_password(const invocation& of, const call_material& with) {
  rest_call result;
  result.columns = columns_of(of.command->group);
  body_writer body(with.secret_value ? with.secret_value->reveal().size() : 0);
  if (with.secret_value)
    body.add("password", with.secret_value->reveal());
  else
    result.note = "the password is shown here and never again";
  result.request = with_body("PUT", item_of(of) + "/password", body.take());
  return result;
}

core::expected<rest_call> make_deletion(const invocation& of) {
  rest_call result;
  result.shape = answer_shape::nothing;
  if (of.command->id != command_id::token_delete) {
    result.request = without_body("DELETE", item_of(of));
    return result;
  }
  const bool has_token_id = of.operands.size() > 1;
  if (has_token_id == of.has("--all"))
    return wrong_operands("token delete needs either a TOKEN_ID or --all");
  result.request = without_body("DELETE", has_token_id ? item_of(of) : collection_of(of));
  return result;
}

core::expected<rest_call> make_call(const invocation& of, const call_material& with) {
  rest_call result;
  const auto name = of.command->name;
  if (name == "create")
    return make_creation(of, with);
  if (name == "password")
    return make_password(of, with);
  if (name == "delete")
    return make_deletion(of);
  if (name == "list") {
    result.shape = answer_shape::page;
    result.columns = page_columns(of.command->group);
    result.request = without_body("GET", collection_of(of) + listing_query(of));
  } else if (name == "history") {
    result.shape = answer_shape::page;
    result.columns = {{"date", "DATE"}, {"from", "FROM"}, {"to", "TO"},
                      {"how", "HOW"},   {"by", "BY"},     {"correlationId", "CORRELATION ID"}};
    result.request = without_body("GET", item_of(of) + "/history" + listing_query(of));
  } else {
    constexpr std::array<std::pair<std::string_view, std::string_view>, 3> changes{
      {{"suspend", "Suspended"}, {"activate", "Active"}, {"revoke", "Revoked"}}};
    result.columns = columns_of(of.command->group);
    result.request = without_body("GET", item_of(of));
    for (const auto& [verb, status] : changes) {
      if (name == verb)
        result.request = new_status(item_of(of), status);
    }
  }
  return result;
}

constexpr std::string_view api = "/api/v1";

} // namespace

core::expected<rest_call> make_rest_call(const invocation& of, const call_material& with) {
  auto result = make_call(of, with);
  if (result)
    result->request.target.insert(0, api);
  return result;
}

http::client_request make_export_request(const invocation& of) {
  auto result = without_body("GET", std::string(api) + "/endpoint-tokens/export"
                                      + query_writer(of).add("--application", "applicationName").take());
  result.accept = "application/x-ndjson, application/json";
  return result;
}

http::client_request make_import_request() {
  auto result = without_body("POST", std::string(api) + "/endpoint-tokens/import");
  result.accept = "application/x-ndjson, application/json";
  result.content_type = "application/x-ndjson";
  return result;
}

} // namespace cm::client
