// How a command is carried out this time.
#pragma once

#include "core/credentials/token.hpp"

#include <optional>

namespace cm::storage {

struct attempt {
  /// An earlier attempt was lost on its way and may have been committed: the command looks first whether it was, so
  /// that it does not undo what others have done since.
  bool repeated = false;

  /// Fingerprint of the key that the tokens of the command were hashed with (core::key_fingerprint): new tokens are
  /// stored only where the database records this one. Nothing: not checked.
  std::optional<core::token_hash> hash_key;
};

} // namespace cm::storage
