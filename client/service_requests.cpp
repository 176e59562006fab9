#include "client/service_requests.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace cm::client {

namespace {

http::http_client client_for(const connection_settings& with) {
  return http::http_client{{.server = with.url, .files = with.files}};
}

void add_credentials(http::client_request& to, const connection_settings& with) {
  if (!with.correlation_id.empty())
    to.fields.emplace_back("Correlation-ID", with.correlation_id);
  if (with.bearer_token.empty())
    return;
  std::string text; // reserved in full, because a reallocation would leave the token in freed memory
  constexpr std::string_view scheme = "Bearer ";
  text.reserve(scheme.size() + with.bearer_token.reveal().size());
  text.append(scheme).append(with.bearer_token.reveal());
  to.authorization = core::secret{std::move(text)};
}

} // namespace

core::expected<http::client_response> ask(const connection_settings& with, http::client_request what) {
  add_credentials(what, with);
  auto got = client_for(with).send(what, http::http_client::clock::now() + with.timeout);
  core::wipe(what.body);
  return got;
}

core::expected<http::client_response> receive(const connection_settings& with, http::client_request what,
                                              http::body_handler on_body) {
  add_credentials(what, with);
  auto got = client_for(with).stream(what, with.timeout, std::move(on_body));
  core::wipe(what.body);
  return got;
}

core::expected<http::client_response> exchange_streams(const connection_settings& with, http::client_request what,
                                                       input& from, http::body_handler on_body) {
  add_credentials(what, with);
  return client_for(with).stream(what, with.timeout, std::move(on_body), &from);
}

} // namespace cm::client
