#include "actors/database/work_class.hpp"

#include "core/credentials/change_origin.hpp"
#include "core/credentials/credential.hpp"

#include <string>
#include <type_traits>
#include <variant>

namespace cm::actors {

namespace {

template <class T, class... Ts>
inline constexpr bool is_one_of = (std::is_same_v<T, Ts> || ...);

template <class Command>
inline constexpr bool authenticates =
  is_one_of<Command, storage::find_tokens, storage::find_basic, storage::find_basics, storage::find_x509>;

template <class Command>
inline constexpr bool deletes =
  is_one_of<Command, storage::delete_token, storage::delete_endpoint_tokens, storage::delete_client>;

template <class Command>
inline constexpr bool changes_status = is_one_of<Command, storage::change_token_status, storage::change_client_status>;

template <class Command>
inline constexpr bool changes =
  is_one_of<Command, storage::create_token, storage::create_tokens, storage::create_client, storage::set_password>;

template <class Command>
inline constexpr bool reads =
  is_one_of<Command, storage::list_tokens, storage::list_many, storage::get_tokens, storage::token_history,
            storage::get_client, storage::list_clients, storage::list_revocations>;

template <class Command>
inline constexpr bool is_bulk = is_one_of<Command, storage::import_tokens, storage::export_tokens>;

template <class Command>
inline constexpr bool maintains =
  is_one_of<Command, storage::activate_tokens, storage::use_clients, storage::rehash_password, storage::find_endpoints,
            storage::claim_events, storage::confirm_events, storage::find_revocations, storage::get_revocations,
            storage::keep_hash_key, storage::prune, storage::ping>;

template <class Command>
work_class class_of_command(const Command& command) noexcept {
  if constexpr (authenticates<Command>) {
    return work_class::authentication;
  } else if constexpr (deletes<Command>) {
    // An unregistered endpoint: nobody waits, and there may be a hundred thousand of them.
    return command.origin.how == core::channel::elce ? work_class::maintenance : work_class::revocation;
  } else if constexpr (changes_status<Command>) {
    return core::valid_for_use(command.target) ? work_class::change : work_class::revocation;
  } else if constexpr (changes<Command>) {
    return work_class::change;
  } else if constexpr (reads<Command>) {
    return work_class::read;
  } else if constexpr (is_bulk<Command>) {
    return work_class::bulk;
  } else {
    static_assert(maintains<Command>, "a new command needs a class");
    return work_class::maintenance;
  }
}

std::size_t bytes_of_texts(const auto&... texts) noexcept {
  return (std::size_t{0} + ... + texts.size());
}

// What a command has beyond its own size.
template <class Command>
std::size_t payload_of(const Command& command) noexcept {
  std::size_t out = 0;
  if constexpr (requires { command.origin; })
    out += bytes_of_texts(command.origin.actor, command.origin.correlation_id);
  if constexpr (std::is_same_v<Command, storage::import_tokens>) {
    for (const auto& item : command.items)
      out += sizeof item + bytes_of_texts(item.application, item.endpoint_id);
  } else if constexpr (std::is_same_v<Command, storage::create_token>) {
    out += bytes_of_texts(command.application, command.endpoint_id);
  } else if constexpr (std::is_same_v<Command, storage::create_client>) {
    const auto& credential = command.credential;
    out += bytes_of_texts(credential.username, credential.issuer, credential.serial_number, credential.client_id);
  } else if constexpr (std::is_same_v<Command, storage::find_basic>) {
    out += command.username.size();
  } else if constexpr (std::is_same_v<Command, storage::find_x509>) {
    out += command.subjects.size() * sizeof command.subjects.front()
           + (command.other_subjects.size() + command.identities.size()) * sizeof(storage::find_x509::other_hash);
  } else if constexpr (std::is_same_v<Command, storage::list_clients>) {
    out += command.username ? command.username->size() : 0;
    for (const auto& issuer : command.issuers)
      out += sizeof issuer + issuer.size();
  } else if constexpr (std::is_same_v<Command, storage::use_clients>) {
    for (const auto& item : command.items)
      out += sizeof item + item.correlation_id.size();
  }
  return out;
}

} // namespace

std::string_view to_string(work_class which) noexcept {
  static constexpr std::array<std::string_view, work_class_count> names{"authentication", "revocation", "change",
                                                                        "read",           "bulk",       "maintenance"};
  return names[index_of(which)];
}

work_class class_of(const storage::command& command) noexcept {
  return std::visit([](const auto& what) { return class_of_command(what); }, command);
}

std::size_t bytes_of(const storage::command& command) noexcept {
  return sizeof command + std::visit([](const auto& what) { return payload_of(what); }, command);
}

} // namespace cm::actors
