// The commands on endpoint tokens, and their replies.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/base/uuid.hpp"
#include "core/credentials/change_origin.hpp"
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

/// Looks tokens up by their hashes: 0 to max_batch, duplicates allowed.
struct find_tokens {
  std::vector<core::token_hash> hashes;
};

/// The data of a token that a validation needs.
struct found_token {
  core::uuid id;
  core::credential_status status = core::credential_status::inactive;
  std::string endpoint_id;

  friend bool operator==(const found_token&, const found_token&) = default;
};

/// One result per requested hash, in the same order; empty if there is no such token.
struct found_tokens {
  std::vector<std::optional<found_token>> tokens;
};

/// The first use of a token.
struct activation {
  core::uuid id;
  std::string correlation_id; ///< of the request that used it; stored as audit_text()
};

/// Records first uses: 0 to max_activations. The tokens that are Inactive become Active in one transaction, each with
/// an audit row (channel ecap). Ignores IDs that are unknown or not Inactive, and is thus idempotent.
struct activate_tokens {
  std::vector<activation> items;
  core::timestamp at{};
  std::string actor; ///< for the audit trail
};

/// The tokens that this command changed, by ascending ID.
struct activated_tokens {
  std::vector<core::uuid> changed;
};

/// Stores a new token with its audit row. Errors: conflict (the token exists in that application). A repetition with
/// the same ID and hash succeeds and changes nothing.
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

/// Several creations: 1 to max_batch. Each succeeds or fails independently, as for create_token. All are in one
/// transaction, or each in its own if one of them fails.
struct create_tokens {
  std::vector<create_token> items;
};

/// One result per item, in the same order.
struct created_tokens {
  std::vector<core::expected<created_token>> results;
};

/// Reads a page of an endpoint's tokens, sorted by (created_at, id).
struct list_tokens {
  std::string endpoint_id;
  std::vector<core::credential_status> statuses; ///< filter; empty: all
  std::uint64_t offset = 0;
  std::uint32_t limit = 20; ///< 0 (the total only) to max_page
  bool ascending = false;
};

/// A consistent snapshot.
struct token_page {
  std::vector<core::endpoint_token> items;
  std::uint64_t total = 0;     ///< of all pages
  core::token_digest digest{}; ///< of all tokens of the endpoint, including those that the filter excludes
};

/// Several pages: 0 to max_lists. Each is a snapshot of its own.
struct list_many {
  std::vector<list_tokens> lists;
};

/// One page per list, in the same order.
struct token_pages {
  std::vector<token_page> pages;
};

/// Addresses a token as REST does: it must belong to that endpoint.
struct token_address {
  std::string endpoint_id;
  core::uuid id;
};

/// Reads tokens by their addresses: 0 to max_batch.
struct get_tokens {
  std::vector<token_address> which;
};

/// One result per address, in the same order; empty if there is no such token, or it belongs to another endpoint.
struct got_tokens {
  std::vector<std::optional<core::endpoint_token>> tokens;
};

/// Changes the status of a token, if the table of core/credentials/credential.hpp allows it. One transaction writes the
/// status, the audit row and, if the change revokes the token, the event. If the token has the status already, it
/// succeeds and writes nothing. Errors: not_found; conflict (the transition is not allowed); precondition_failed (the
/// precondition is false). Safe to repeat after an unknown outcome: if the audit trail has a change of this command
/// (same time and correlation ID), it succeeds again.
struct change_token_status {
  std::variant<token_address, core::token_hash> which;
  core::credential_status target = core::credential_status::active;
  core::timestamp at{};
  core::change_origin origin;
  /// Evaluated on the row, and again if the row has changed since it was read; empty: none.
  std::function<bool(const core::endpoint_token&)> precondition;
};

struct changed_token {
  core::endpoint_token token; ///< after the change
  bool changed = false;       ///< false: it had the status already
  std::optional<core::revocation> event;
};

/// Deletes one token. Errors (not_found, precondition_failed) and repetition as for change_token_status.
struct delete_token {
  token_address which;
  core::timestamp at{};
  core::change_origin origin;
  std::function<bool(const core::endpoint_token&)> precondition;
};

/// Checks which endpoints have tokens: 0 to max_batch IDs, duplicates allowed.
struct find_endpoints {
  std::vector<std::string> endpoint_ids;
};

/// The endpoints that have at least one token of any status; each once, in any order.
struct found_endpoints {
  std::vector<std::string> endpoint_ids;
};

/// Deletes the tokens of an endpoint, up to max_event_ids in one transaction; repeat it while `more` is true. Succeeds
/// if the endpoint has no tokens. Errors: precondition_failed (the precondition is false). It is evaluated on the
/// digest of all tokens of the endpoint while they are locked.
///
/// A repetition deletes nothing if an earlier attempt with the same time and correlation ID was committed: any
/// remaining tokens were created after it. So each call for `more` needs a different time.
struct delete_endpoint_tokens {
  std::string endpoint_id;
  core::timestamp at{};
  core::change_origin origin;
  std::function<bool(const core::token_digest&)> precondition;
  bool repeated = false; ///< the caller sent this command before, and its outcome is unknown
};

/// The deleted tokens, with one event per application.
struct deleted_tokens {
  std::uint64_t count = 0;
  bool more = false;
  std::vector<core::revocation> events;
};

/// Reads the history of one token, newest first. Errors: not_found.
struct token_history {
  token_address which;
  std::uint64_t offset = 0;
  std::uint32_t limit = 20; ///< 0 to max_page
};

/// One line of an import.
struct import_item {
  core::uuid id; ///< of the token, if it is new
  core::token_hash hash{};
  std::string application;
  std::string endpoint_id;
  /// The status of a new token (default: Inactive), and the expected status of an existing one (default: any). If it is
  /// Inactive, an existing token may also be Active.
  std::optional<core::credential_status> status;
};

/// Imports tokens: 0 to max_import lines, in one transaction with the audit rows (channel import). Each line has its
/// own result.
struct import_tokens {
  std::vector<import_item> items;
  core::timestamp at{};
  core::change_origin origin;
};

enum class import_verdict : std::uint8_t {
  created,
  unchanged,         ///< the token exists with the endpoint and the expected status of the line
  other_endpoint,    ///< the token exists and belongs to another endpoint
  other_status,      ///< the token exists with another status
  repeated_in_batch, ///< an earlier line of the same batch has the same token with other values
};

struct import_result {
  import_verdict verdict = import_verdict::created;
  core::uuid id; ///< of the stored token; zero if it belongs to another endpoint
  core::credential_status status = core::credential_status::inactive; ///< of the stored token
};

/// One result per item, in the same order.
struct imported_tokens {
  std::vector<import_result> results;
};

/// Reads a chunk of all tokens, by ascending ID, for an export.
struct export_tokens {
  std::string application; ///< filter; empty: all
  core::uuid after;        ///< the last ID of the previous chunk; zero: start
  std::uint32_t limit = max_page;
};

/// Fewer than `limit` items: the end of the export.
struct exported_tokens {
  std::vector<core::endpoint_token> items;
};

} // namespace cm::storage
