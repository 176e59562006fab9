#include "actors/http/api_requests.hpp"
#include "actors/interfaces/validation.hpp"
#include "core/certificates/distinguished_name.hpp"
#include "core/credentials/password_hash.hpp"
#include "http/rest/client_certificates.hpp"
#include "http/rest/client_credentials.hpp"
#include "http/rest/endpoint_tokens.hpp"
#include "http/rest/negotiation.hpp"

namespace cm::actors {

namespace {

storage::client_precondition client_condition(const http::request& request) {
  auto condition = http::write_condition::of(request);
  if (!condition)
    return nullptr;
  return [condition = std::move(*condition)](const core::client_credential& credential) {
    return condition.holds(http::entity_tag_of(credential));
  };
}

http::clients_page page_of(const storage::client_page& page, std::optional<std::uint64_t> total) {
  http::clients_page shown{page.items, total, page.total_is_exact, std::nullopt};
  if (page.next)
    shown.next = {page.next->created_at, page.next->id};
  return shown;
}

// with_list_condition() for a list of client credentials.
void with_clients_condition(const api_request& request, core::client_kind kind, std::function<void()> proceed) {
  storage::list_clients look;
  look.kind = kind;
  with_list_condition<storage::client_page>(
    request, std::move(look),
    [](const storage::client_page& page) { return http::entity_tag_of_page(page_of(page, page.total)); },
    std::move(proceed));
}

// The response shows a password only if CM generated it.
const core::secret* shown(const std::optional<core::secret>& generated) {
  return generated ? &*generated : nullptr;
}

} // namespace

void ask_hash(const api_request& request, const core::secret& password, std::function<void(core::secret phc)> then) {
  auto job = std::make_shared<password_job>();
  job->password = password;
  job->deadline = request.deadline;
  const auto self = request.self;
  request_until(self, self->state.collaborators.passwords, request.deadline + gate_grace, password_v,
                password_job_ptr{std::move(job)})
    .then(
      [exchange = request.exchange, then = std::move(then)](const password_result_ptr& result) {
        if (result->has_error())
          answer_error(exchange, result->error());
        else
          then((*result)->phc);
      },
      [exchange = request.exchange](const caf::error& problem) { answer_lost(exchange, "password pool", problem); });
}

void list_clients(const api_request& request, core::client_kind kind) {
  const auto& received = request.exchange->request();
  auto parsed = kind == core::client_kind::basic ? http::parse_list_basic(received) : http::parse_list_x509(received);
  if (parsed.has_error()) {
    answer_error(request.exchange, parsed.error());
    return;
  }
  storage::list_clients command;
  command.kind = kind;
  command.statuses = std::move(parsed->statuses);
  command.username = std::move(parsed->username);
  command.issuers = std::move(parsed->issuers);
  command.serial_number = std::move(parsed->serial_number);
  command.offset = parsed->offset;
  command.limit = parsed->limit;
  command.ascending = parsed->order == http::sort_order::ascending;
  if (parsed->after)
    command.after = {parsed->after->created_at, parsed->after->id};
  if (parsed->exact_total)
    command.total = storage::counting::exact;
  else if (parsed->after)
    command.total = storage::counting::none;
  const bool counted = command.total != storage::counting::none;
  ask_storage<storage::client_page>(request, std::move(command),
                                    [exchange = request.exchange, counted](const storage::client_page& page) {
                                      const auto total = counted ? std::optional{page.total} : std::nullopt;
                                      return http::render_clients_page(exchange->request(), page_of(page, total));
                                    });
}

void create_basic(const api_request& request) {
  auto parsed = http::parse_create_basic(request.exchange->request());
  if (parsed.has_error()) {
    answer_error(request.exchange, parsed.error());
    return;
  }
  std::optional<core::secret> generated;
  if (!parsed->password)
    generated = core::generate_password();
  storage::create_client command;
  command.credential.kind = core::client_kind::basic;
  command.credential.username = std::move(parsed->username);
  command.credential.client_id = parsed->client_id.value_or(std::string{});
  command.origin = origin_of_request(request.exchange->request());
  const auto password = generated ? *generated : *parsed->password;
  with_clients_condition(request, core::client_kind::basic, [request, command, generated, password] {
    ask_hash(request, password, [request, command, generated](core::secret phc) mutable {
      command.password_phc = std::move(phc);
      ask_change<storage::one_client>(request, std::move(command), [generated](const storage::one_client& created) {
        return http::render_created_basic(created.credential, shown(generated));
      });
    });
  });
}

void create_x509(const api_request& request) {
  auto parsed = http::parse_create_x509(request.exchange->request());
  if (parsed.has_error()) {
    answer_error(request.exchange, parsed.error());
    return;
  }
  storage::create_client command;
  command.credential.kind = core::client_kind::x509;
  command.subject = core::subject_hash(parsed->issuer.canonical, parsed->serial_number);
  for (const auto& other : parsed->issuer.others)
    command.other_subjects.push_back(core::subject_hash(other, parsed->serial_number));
  if (parsed->issuer.identity)
    command.identity = core::subject_hash(*parsed->issuer.identity, parsed->serial_number);
  command.credential.issuer = std::move(parsed->issuer.canonical);
  command.credential.serial_number = std::move(parsed->serial_number);
  command.credential.client_id = parsed->client_id.value_or(std::string{});
  command.origin = origin_of_request(request.exchange->request());
  with_clients_condition(request, core::client_kind::x509, [request, command] {
    ask_change<storage::one_client>(request, command, [](const storage::one_client& created) {
      return http::render_created_x509(created.credential);
    });
  });
}

void get_client(const api_request& request, core::client_kind kind) {
  const auto id = http::parse_credential_path(request.path);
  if (id.has_error()) {
    answer_error(request.exchange, id.error());
    return;
  }
  ask_storage<storage::one_client>(request, storage::get_client{kind, *id},
                                   [exchange = request.exchange](const storage::one_client& found) {
                                     return http::render_client(exchange->request(), found.credential);
                                   });
}

void delete_client(const api_request& request, core::client_kind kind) {
  const auto& received = request.exchange->request();
  const auto id = http::parse_credential_path(request.path);
  if (id.has_error()) {
    answer_error(request.exchange, id.error());
    return;
  }
  storage::delete_client command;
  command.kind = kind;
  command.id = *id;
  command.origin = origin_of_request(received);
  command.precondition = client_condition(received);
  ask_change<storage::deleted_client>(request, std::move(command),
                                      [](const storage::deleted_client&) { return http::no_content(); });
}

void set_client_status(const api_request& request, core::client_kind kind) {
  const auto& received = request.exchange->request();
  const auto id = http::parse_credential_path(request.path);
  if (id.has_error()) {
    answer_error(request.exchange, id.error());
    return;
  }
  const auto target = http::parse_status_body(received);
  if (target.has_error()) {
    answer_error(request.exchange, target.error());
    return;
  }
  storage::change_client_status command;
  command.kind = kind;
  command.id = *id;
  command.target = *target;
  command.origin = origin_of_request(received);
  command.precondition = client_condition(received);
  ask_change<storage::changed_client>(request, std::move(command), [](const storage::changed_client& changed) {
    return http::render_changed_client(changed.credential);
  });
}

void set_password(const api_request& request) {
  const auto& received = request.exchange->request();
  const auto id = http::parse_credential_path(request.path);
  if (id.has_error()) {
    answer_error(request.exchange, id.error());
    return;
  }
  auto given = http::parse_password_body(received);
  if (given.has_error()) {
    answer_error(request.exchange, given.error());
    return;
  }
  std::optional<core::secret> generated;
  if (!*given)
    generated = core::generate_password();
  storage::set_password command;
  command.id = *id;
  command.origin = origin_of_request(received);
  command.precondition = client_condition(received);
  const auto& password = generated ? *generated : **given;
  ask_hash(request, password, [request, command, generated](core::secret phc) mutable {
    command.password_phc = std::move(phc);
    ask_change<storage::changed_client>(request, std::move(command),
                                        [generated](const storage::changed_client& changed) {
                                          return http::render_password_changed(changed.credential, shown(generated));
                                        });
  });
}

} // namespace cm::actors
