// What storage can be asked about the record of the token-hash key, and what it answers.
#pragma once

namespace cm::storage {

/// Says that a process which hashes tokens with the session's key is alive, while the database has no tokens and the
/// key could be replaced (hash_key_lease). A record of another key: the connection is refused at its next check.
struct keep_hash_key {};

struct kept_hash_key {
  bool has_tokens = false; ///< the record stays from now on
};

} // namespace cm::storage
