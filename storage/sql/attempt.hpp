// The context of one attempt to execute a command.
#pragma once

#include "core/credentials/token.hpp"

#include <optional>

namespace cm::storage {

struct attempt {
  /// The outcome of an earlier attempt is unknown: it may have been committed. The command first checks whether it was,
  /// so that it does not undo later changes by other commands.
  bool repeated = false;

  /// Fingerprint of the key that hashed the tokens of the command (core::key_fingerprint). New tokens are stored only
  /// if the database records the same fingerprint. Empty: not checked.
  std::optional<core::token_hash> hash_key;
};

} // namespace cm::storage
