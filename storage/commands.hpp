// Everything that storage can be asked for, and what it answers: a closed set of plain values.
// To add an operation: a struct here and in `command`, its answer in `reply`, an overload of `apply` in the repository
// of its table.
#pragma once

#include "core/credential.hpp"
#include "core/time.hpp"
#include "core/token.hpp"
#include "core/uuid.hpp"

#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <variant>
#include <vector>

namespace cm::storage {

/// Most items of one batch.
inline constexpr std::size_t max_batch = 64;

/// Most items of one page.
inline constexpr std::uint32_t max_page = 1000;

/// Looks tokens up by their hashes: 0 to max_batch of them, repeats allowed.
struct find_tokens {
  std::vector<core::token_hash> hashes;
};

/// As many as were asked for, in the same order; nothing where there is no such token.
struct found_tokens {
  std::vector<std::optional<core::endpoint_token>> tokens;
};

/// One first use of a token.
struct activation {
  core::uuid id;
  std::string correlation_id; ///< of the request that used it; bounded and made valid UTF-8 before it is stored
};

/// First uses, 0 to max_batch: those that are Inactive become Active in one transaction, each with an audit row
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

/// One page of an endpoint's tokens by (created_at, id).
struct list_tokens {
  std::string endpoint_id;
  std::vector<core::credential_status> statuses; ///< only these; empty: all
  std::uint64_t offset = 0;
  std::uint32_t limit = 20; ///< 0 (the total only) to max_page
  bool ascending = false;
};

/// Items and total are of the same moment.
struct token_page {
  std::vector<core::endpoint_token> items;
  std::uint64_t total = 0; ///< of all pages
};

/// Asks whether the database answers and can be written.
struct ping {};

struct pong {
  std::string server_version;
  std::string host; ///< host:port
};

using command = std::variant<find_tokens, activate_tokens, create_token, list_tokens, ping>;

using reply = std::variant<found_tokens, activated_tokens, created_token, token_page, pong>;

} // namespace cm::storage
