// What storage can be asked about endpoint tokens, and what it answers.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/credential.hpp"
#include "core/credentials/revocation.hpp"
#include "core/credentials/token.hpp"
#include "core/credentials/token_digest.hpp"
#include "storage/events/audit_commands.hpp"
#include "storage/events/event_commands.hpp"
#include "storage/sql/batch_limits.hpp"

#include <cstddef>
#include <cstdint>
#include <functional>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cm::storage {

/// Looks tokens up by their hashes: 0 to max_batch of them, repeats allowed.
struct find_tokens {
  std::vector<core::token_hash> hashes;
};

/// What a validation has to know of a token.
struct found_token {
  core::uuid id;
  core::credential_status status = core::credential_status::inactive;
  std::string endpoint_id;

  friend bool operator==(const found_token&, const found_token&) = default;
};

/// As many as were asked for, in the same order; nothing where there is no such token.
struct found_tokens {
  std::vector<std::optional<found_token>> tokens;
};

/// One first use of a token.
struct activation {
  core::uuid id;
  std::string correlation_id; ///< of the request that used it; bounded and made valid UTF-8 before it is stored
};

/// First uses, 0 to max_activations: those that are Inactive become Active in one transaction, each with an audit row
/// (channel ecap). An ID that is unknown or not Inactive is passed over, so repeating is harmless.
struct activate_tokens {
  std::vector<activation> items;
  core::timestamp at{};
  std::string actor; ///< for the audit trail
};

/// The ones that this call really changed, by rising ID.
struct activated_tokens {
  std::vector<core::uuid> changed;
};

/// Stores a new token with its audit row. conflict: the token exists in that application. Repeating with the same ID
/// and hash is success and changes nothing.
struct create_token {
  core::uuid id;
  core::token_hash hash{};
  std::string application;
  std::string endpoint_id;
  core::credential_status status = core::credential_status::inactive;
  core::timestamp at{};
  core::change_origin origin;
};

struct created_token {
  core::endpoint_token token;
};

/// Several creations, 1 to max_batch, in one transaction. Each succeeds or fails alone, as create_token says.
struct create_tokens {
  std::vector<create_token> items;
};

/// As many as there were items, in their order.
struct created_tokens {
  std::vector<core::expected<created_token>> results;
};

/// One page of an endpoint's tokens by (created_at, id).
struct list_tokens {
  std::string endpoint_id;
  std::vector<core::credential_status> statuses; ///< only these; empty: all
  std::uint64_t offset = 0;
  std::uint32_t limit = 20; ///< 0 (the total only) to max_page
  bool ascending = false;
};

/// All of it is of the same moment.
struct token_page {
  std::vector<core::endpoint_token> items;
  std::uint64_t total = 0;     ///< of all pages
  core::token_digest digest{}; ///< of all tokens of the endpoint, also those that the list leaves out
};

/// Several pages, 0 to max_lists, each of a moment of its own.
struct list_many {
  std::vector<list_tokens> lists;
};

/// As many as were asked for, in the same order.
struct token_pages {
  std::vector<token_page> pages;
};

/// A token as REST names it: it has to belong to that endpoint.
struct token_address {
  std::string endpoint_id;
  core::uuid id;
};

/// Tokens, 0 to max_batch, each by its address.
struct get_tokens {
  std::vector<token_address> which;
};

/// As many as were asked for, in the same order; nothing where there is none, or where it belongs to another endpoint.
struct got_tokens {
  std::vector<std::optional<core::endpoint_token>> tokens;
};

/// Gives a token another status, by the table of core/credentials/credential.hpp: one conditional write, the audit row
/// and, where the change takes the token away, the event in the same transaction. The state it already has: success,
/// nothing written. not_found: no such token; conflict: not allowed; precondition_failed: the precondition said no.
/// Repeating after an unknown outcome is safe: a change that this very command made before (same time, same
/// correlation ID in the audit trail) is success again.
struct change_token_status {
  std::variant<token_address, core::token_hash> which;
  core::credential_status target = core::credential_status::active;
  core::timestamp at{};
  core::change_origin origin;
  /// Asked of the row, and again where others have changed it since it was read; empty: none.
  std::function<bool(const core::endpoint_token&)> precondition;
};

struct changed_token {
  core::endpoint_token token; ///< as it is now
  bool changed = false;       ///< false: it had that status already
  std::optional<core::revocation> event;
};

/// Deletes one token. not_found, precondition_failed and repeating as for change_token_status.
struct delete_token {
  token_address which;
  core::timestamp at{};
  core::change_origin origin;
  std::function<bool(const core::endpoint_token&)> precondition;
};

/// Asks which endpoints have tokens: 0 to max_batch IDs, repeats allowed.
struct find_endpoints {
  std::vector<std::string> endpoint_ids;
};

/// Those of them that have at least one token, whatever its status; each once, in any order.
struct found_endpoints {
  std::vector<std::string> endpoint_ids;
};

/// Deletes all tokens of an endpoint, in one transaction up to max_event_ids of them: call again while `more` is true.
/// An endpoint without tokens: success, nothing deleted. precondition_failed: the precondition, asked of the digest of
/// all tokens of the endpoint, all of them locked, said no. A repetition deletes nothing where an earlier attempt with
/// this time and correlation ID was committed: what is there then was made afterwards. So each call for `more` needs a
/// time of its own.
struct delete_endpoint_tokens {
  std::string endpoint_id;
  core::timestamp at{};
  core::change_origin origin;
  std::function<bool(const core::token_digest&)> precondition;
  bool repeated = false; ///< the caller has sent this command before, and did not learn its outcome
};

/// Of tokens: one event for each application.
struct deleted_tokens {
  std::uint64_t count = 0;
  bool more = false;
  std::vector<core::revocation> events;
};

/// The history of one token, newest first. not_found: there is no such token.
struct token_history {
  token_address which;
  std::uint64_t offset = 0;
  std::uint32_t limit = 20; ///< 0 to max_page
};

/// One line of an import.
struct import_item {
  core::uuid id; ///< for a new token
  core::token_hash hash{};
  std::string application;
  std::string endpoint_id;
  /// Missing: Inactive for a new token, any for one that is there. Inactive: of one that is there, Active is right too.
  std::optional<core::credential_status> status;
};

/// New tokens, 0 to max_import, in one transaction with their audit rows (channel import). A line fails alone.
struct import_tokens {
  std::vector<import_item> items;
  core::timestamp at{};
  core::change_origin origin;
};

enum class import_verdict : std::uint8_t {
  created,
  unchanged,         ///< the token is there, with that endpoint and (where the line names one) that status, or Active
                     ///< where the line says Inactive
  other_endpoint,    ///< the token is there and belongs to another endpoint
  other_status,      ///< the token is there with another status
  repeated_in_batch, ///< an earlier line of the same batch names the same token otherwise
};

struct import_result {
  import_verdict verdict = import_verdict::created;
  core::uuid id; ///< of the token that is there now; zero where it is not this endpoint's
  core::credential_status status = core::credential_status::inactive; ///< of that token
};

/// As many as there were items, in their order.
struct imported_tokens {
  std::vector<import_result> results;
};

/// A piece of all tokens by rising ID, for an export.
struct export_tokens {
  std::string application; ///< only this one; empty: all
  core::uuid after;        ///< zero: from the beginning
  std::uint32_t limit = max_page;
};

/// Fewer than `limit`: that was the end.
struct exported_tokens {
  std::vector<core::endpoint_token> items;
};

} // namespace cm::storage
