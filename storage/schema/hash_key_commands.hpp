// The command on the record of the token-hash key, and its reply.
#pragma once

namespace cm::storage {

/// Confirms that a process that hashes tokens with the session's key is alive. Needed while the database has no tokens,
/// because an unconfirmed key can then be replaced (hash_key_lease). If another key is recorded: a failure of kind
/// schema, so that the next connection is refused.
struct keep_hash_key {};

struct kept_hash_key {
  bool has_tokens = false; ///< the record can no longer be replaced
};

} // namespace cm::storage
