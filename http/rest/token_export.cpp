#include "http/rest/token_export.hpp"

#include "core/base/identifiers.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "http/json/json_writer.hpp"
#include "http/rest/query.hpp"

#include <utility>

namespace cm::http {

core::expected<std::string> parse_export(const request_head& from) {
  query_reader query{from};
  const std::string_view name = query.text("applicationName").value_or(std::string_view{});
  if (!name.empty() && !core::is_application_name(name))
    query.reject("applicationName", "must be 1 to 255 of a-z, 0-9, '-' and '_'");
  if (!query.errors().empty())
    return invalid_request(query.errors());
  return std::string{name};
}

void write_export_line(std::string& out, const core::endpoint_token& token) {
  json_writer writer{std::move(out)};
  writer.begin_object()
    .member("endpointId", token.endpoint_id)
    .member("applicationName", token.application)
    .member("endpointTokenId", core::to_string(token.id))
    .member("status", core::to_string(token.status))
    .member("createdDate", core::to_iso8601(token.created_at));
  if (token.updated_at)
    writer.member("updateDate", core::to_iso8601(*token.updated_at));
  writer.end_object();
  out = writer.take();
  out.push_back('\n');
}

} // namespace cm::http
