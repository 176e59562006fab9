#include "actors/changes/change_preparation.hpp"

#include <type_traits>
#include <utility>
#include <variant>

namespace cm::actors {

namespace {

template <class... Functions>
struct overloaded : Functions... {
  using Functions::operator()...;
};

template <class... Functions>
overloaded(Functions...) -> overloaded<Functions...>;

// Commands that carry their own time, as opposed to create_client, whose time is in the credential.
template <class Command>
concept timed_change = requires(Command command) {
  command.origin;
  command.at;
};

std::string_view name_of(core::client_kind kind) noexcept {
  return kind == core::client_kind::basic ? "credential" : "certificate";
}

std::string describe_client(const core::client_credential& credential) {
  return "client " + std::string(name_of(credential.kind)) + " " + core::to_string(credential.id);
}

} // namespace

core::expected<storage::command> prepare_change(storage::command command, core::timestamp now,
                                                core::uuid_v7_generator& ids) {
  const bool known = std::visit(
    [&](auto& change) {
      using kind = std::decay_t<decltype(change)>;
      if constexpr (std::is_same_v<kind, storage::create_client>) {
        change.credential.id = ids.next(now);
        change.credential.created_at = now;
        if (change.credential.client_id.empty())
          change.credential.client_id = core::to_string(change.credential.id);
        return true;
      } else if constexpr (timed_change<kind>) {
        if (change.at == core::timestamp{}) // a repeated attempt keeps the time of the first one
          change.at = now;
        return true;
      } else {
        return false;
      }
    },
    command);
  if (!known)
    return core::make_error(core::errc::internal, "Internal Server Error", "not a change of a credential");
  return command;
}

const core::change_origin* origin_of(const storage::command& command) noexcept {
  return std::visit(
    [](const auto& change) -> const core::change_origin* {
      if constexpr (requires { change.origin; })
        return &change.origin;
      else
        return nullptr;
    },
    command);
}

std::vector<core::revocation> events_of(const storage::reply& reply) {
  const auto as_list = [](const auto& event) {
    return event ? std::vector<core::revocation>{*event} : std::vector<core::revocation>{};
  };
  return std::visit(overloaded{
                      [&](const storage::changed_token& changed) { return as_list(changed.event); },
                      [&](const storage::changed_client& changed) { return as_list(changed.event); },
                      [&](const storage::deleted_client& deleted) { return as_list(deleted.event); },
                      [](const storage::deleted_tokens& deleted) { return deleted.events; },
                      [](const auto&) { return std::vector<core::revocation>{}; },
                    },
                    reply);
}

refused_tokens refused_by(const storage::command& command, const core::expected<storage::reply>& outcome) {
  refused_tokens refused;
  if (outcome.has_value()) {
    for (const auto& event : events_of(*outcome)) {
      if (event.kind == core::revoked_kind::endpoint_tokens)
        refused.ids.insert(refused.ids.end(), event.ids.begin(), event.ids.end());
    }
    if (const auto* changed = std::get_if<storage::changed_token>(&*outcome);
        changed != nullptr && !core::valid_for_use(changed->token.status))
      refused.ids.push_back(changed->token.id);
    if (const auto* imported = std::get_if<storage::imported_tokens>(&*outcome)) {
      for (const auto& line : imported->results) {
        if (!core::valid_for_use(line.status) && line.id != core::uuid{})
          refused.ids.push_back(line.id);
      }
    }
  } else if (core::is_fault(outcome.error().code)) {
    return refused; // a 5xx response says nothing about the state of the credential
  }
  std::visit(overloaded{
               [&](const storage::delete_token& deletion) { refused.ids.push_back(deletion.which.id); },
               [&](const storage::delete_endpoint_tokens&) { refused.others = true; },
               [&](const storage::change_token_status& change) {
                 if (outcome.has_value())
                   return;
                 if (const auto* address = std::get_if<storage::token_address>(&change.which))
                   refused.ids.push_back(address->id);
                 else
                   refused.others = true;
               },
               [](const auto&) {},
             },
             command);
  return refused;
}

std::string describe_change(const storage::command& command, const storage::reply& reply) {
  return std::visit(
    overloaded{
      [](const storage::changed_token& answer) {
        return answer.changed ? "token " + core::to_string(answer.token.id) + " of endpoint " + answer.token.endpoint_id
                                  + " is " + std::string(core::to_string(answer.token.status))
                              : std::string{};
      },
      [&](const storage::deleted_tokens& answer) {
        const auto* of_endpoint = std::get_if<storage::delete_endpoint_tokens>(&command);
        const auto* single = std::get_if<storage::delete_token>(&command);
        if (answer.count == 0 && single == nullptr)
          return std::string{};
        if (single != nullptr)
          return "token " + core::to_string(single->which.id) + " of endpoint " + single->which.endpoint_id
                 + " is deleted";
        return std::to_string(answer.count) + " tokens of endpoint "
               + (of_endpoint != nullptr ? of_endpoint->endpoint_id : "?") + " are deleted";
      },
      [](const storage::one_client& answer) { return describe_client(answer.credential) + " is created"; },
      [&](const storage::changed_client& answer) {
        if (!answer.changed)
          return std::string{};
        return describe_client(answer.credential)
               + (std::holds_alternative<storage::set_password>(command)
                    ? " has a new password"
                    : " is " + std::string(core::to_string(answer.credential.status)));
      },
      [&](const storage::deleted_client&) {
        const auto* deletion = std::get_if<storage::delete_client>(&command);
        return deletion == nullptr ? std::string{}
                                   : "client " + std::string(name_of(deletion->kind)) + " "
                                       + core::to_string(deletion->id) + " is deleted";
      },
      [](const auto&) { return std::string{}; },
    },
    reply);
}

} // namespace cm::actors
