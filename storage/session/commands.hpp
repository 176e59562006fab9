// All commands of storage and their replies: a closed set of plain value types.
// To add a command: add a struct to the header of its table and to `command`, its reply to `reply`, and an overload of
// `apply` to the repository of its table.
#pragma once

#include "core/base/clock_skew.hpp"
#include "storage/clients/client_commands.hpp"
#include "storage/events/audit_commands.hpp"
#include "storage/events/event_commands.hpp"
#include "storage/schema/hash_key_commands.hpp"
#include "storage/tokens/token_commands.hpp"

#include <string>
#include <variant>

namespace cm::storage {

/// Checks that the database responds and is writable, and reads its clock.
struct ping {};

struct pong {
  std::string server_version;
  std::string host;      ///< host:port
  core::clock_skew skew; ///< of the local clock relative to the database's
};

using command =
  std::variant<find_tokens, activate_tokens, create_token, create_tokens, list_tokens, list_many, get_tokens,
               change_token_status, delete_token, find_endpoints, delete_endpoint_tokens, token_history, import_tokens,
               export_tokens, create_client, get_client, find_basic, find_basics, find_x509, list_clients,
               change_client_status, set_password, rehash_password, delete_client, use_clients, claim_events,
               confirm_events, list_revocations, find_revocations, get_revocations, keep_hash_key, prune, ping>;

using reply = std::variant<found_tokens, activated_tokens, created_token, created_tokens, token_page, token_pages,
                           got_tokens, changed_token, found_endpoints, deleted_tokens, history_page, imported_tokens,
                           exported_tokens, one_client, found_basic, found_basics, found_x509, client_page,
                           changed_client, deleted_client, used_clients, claimed_events, confirmed_events,
                           revocation_page, found_revocations, kept_hash_key, pruned, pong>;

} // namespace cm::storage
