#include "actors/http/api_requests.hpp"
#include "actors/interfaces/changes.hpp"
#include "actors/interfaces/http.hpp"
#include "http/rest/endpoint_tokens.hpp"
#include "http/rest/negotiation.hpp"
#include "http/rest/revocations.hpp"

namespace cm::actors {

namespace {

// The condition of a request for one token, as a precondition that storage checks on the row it is about to change.
std::function<bool(const core::endpoint_token&)> token_condition(const http::request& request) {
  auto condition = http::write_condition::of(request);
  if (!condition)
    return nullptr;
  return [condition = std::move(*condition)](const core::endpoint_token& token) {
    return condition.holds(http::entity_tag_of(token));
  };
}

std::function<bool(const core::token_digest&)> list_condition(const http::request& request) {
  auto condition = http::write_condition::of(request);
  if (!condition)
    return nullptr;
  return [condition = std::move(*condition)](const core::token_digest& digest) {
    return condition.holds(http::entity_tag_of_list(digest));
  };
}

storage::token_address address_of(http::token_path path) {
  return {std::move(path.endpoint_id), path.id};
}

// Passes the request to the token reader, which reads for several requests together and responds.
void read_tokens(const api_request& request, std::variant<storage::token_address, storage::list_tokens> target) {
  const auto self = request.self;
  auto read = std::make_shared<const token_read>(token_read{std::move(target), request.deadline});
  self->send(self->state.collaborators.reader, read_v, request.exchange, token_read_ptr{std::move(read)});
}

void store_token(const api_request& request, create_order_ptr order) {
  const auto self = request.self;
  request_until(self, self->state.collaborators.manager, request.deadline + manager_grace, create_v, std::move(order))
    .then(
      [exchange = request.exchange](const create_result_ptr& result) {
        if (result->has_error())
          answer_error(exchange, result->error());
        else
          exchange->respond(http::render_created((*result)->token, (*result)->value));
      },
      [exchange = request.exchange](const caf::error& problem) {
        answer_lost(exchange, "credential manager", problem);
      });
}

} // namespace

void list_tokens(const api_request& request) {
  auto parsed = http::parse_list(request.exchange->request(), request.path);
  if (parsed.has_error()) {
    answer_error(request.exchange, parsed.error());
    return;
  }
  storage::list_tokens command;
  command.endpoint_id = std::move(parsed->endpoint_id);
  command.statuses = std::move(parsed->statuses);
  command.offset = parsed->offset;
  command.limit = parsed->limit;
  command.ascending = parsed->order == http::sort_order::ascending;
  read_tokens(request, std::move(command));
}

void create_token(const api_request& request) {
  const auto& received = request.exchange->request();
  auto parsed = http::parse_create(received, request.path);
  if (parsed.has_error()) {
    answer_error(request.exchange, parsed.error());
    return;
  }
  auto order = std::make_shared<create_token_order>();
  order->request = std::move(*parsed);
  order->origin = origin_of_request(received);
  order->deadline = request.deadline;
  storage::list_tokens look;
  look.endpoint_id = order->request.endpoint_id;
  with_list_condition<storage::token_page>(
    request, std::move(look), [](const storage::token_page& page) { return http::entity_tag_of_list(page.digest); },
    [request, order] { store_token(request, order); });
}

void delete_all_tokens(const api_request& request) {
  const auto& received = request.exchange->request();
  auto endpoint = http::parse_endpoint_path(request.path);
  if (endpoint.has_error()) {
    answer_error(request.exchange, endpoint.error());
    return;
  }
  storage::delete_endpoint_tokens command;
  command.endpoint_id = std::move(*endpoint);
  command.origin = origin_of_request(received);
  command.precondition = list_condition(received);
  ask_change<storage::deleted_tokens>(request, std::move(command),
                                      [](const storage::deleted_tokens&) { return http::no_content(); });
}

void get_token(const api_request& request) {
  auto path = http::parse_token_path(request.path);
  if (path.has_error()) {
    answer_error(request.exchange, path.error());
    return;
  }
  read_tokens(request, address_of(std::move(*path)));
}

void delete_token(const api_request& request) {
  const auto& received = request.exchange->request();
  auto path = http::parse_token_path(request.path);
  if (path.has_error()) {
    answer_error(request.exchange, path.error());
    return;
  }
  storage::delete_token command;
  command.which = address_of(std::move(*path));
  command.origin = origin_of_request(received);
  command.precondition = token_condition(received);
  ask_change<storage::deleted_tokens>(request, std::move(command),
                                      [](const storage::deleted_tokens&) { return http::no_content(); });
}

void set_token_status(const api_request& request) {
  const auto& received = request.exchange->request();
  auto path = http::parse_token_path(request.path);
  if (path.has_error()) {
    answer_error(request.exchange, path.error());
    return;
  }
  const auto target = http::parse_status_body(received);
  if (target.has_error()) {
    answer_error(request.exchange, target.error());
    return;
  }
  storage::change_token_status command;
  command.which = address_of(std::move(*path));
  command.target = *target;
  command.origin = origin_of_request(received);
  command.precondition = token_condition(received);
  ask_change<storage::changed_token>(request, std::move(command), [](const storage::changed_token& changed) {
    return http::render_changed_token(changed.token);
  });
}

void show_token_history(const api_request& request) {
  auto path = http::parse_token_path(request.path);
  if (path.has_error()) {
    answer_error(request.exchange, path.error());
    return;
  }
  const auto page = http::parse_page(request.exchange->request());
  if (page.has_error()) {
    answer_error(request.exchange, page.error());
    return;
  }
  storage::token_history command;
  command.which = address_of(std::move(*path));
  command.offset = page->offset;
  command.limit = page->limit;
  ask_storage<storage::history_page>(request, std::move(command),
                                     [exchange = request.exchange](const storage::history_page& found) {
                                       return http::render_history(exchange->request(), found.items, found.total);
                                     });
}

void list_revocations(const api_request& request) {
  const auto parsed = http::parse_revocations(request.exchange->request());
  if (parsed.has_error()) {
    answer_error(request.exchange, parsed.error());
    return;
  }
  ask_storage<storage::revocation_page>(
    request, storage::list_revocations{parsed->after, parsed->limit},
    [exchange = request.exchange, after = parsed->after](const storage::revocation_page& page) {
      return http::render_revocations(exchange->request(), page.items, after);
    });
}

} // namespace cm::actors
