// Requests to the storage gate, and their results.
#pragma once

#include "core/base/error.hpp"
#include "core/base/time.hpp"
#include "core/credentials/token.hpp"
#include "storage/session/commands.hpp"

#include <memory>
#include <vector>

namespace cm::actors {

/// A command for a database worker. A job whose deadline has passed is not started.
struct storage_job {
  storage::command command;
  core::steady_time deadline;
};

using storage_job_ptr = std::shared_ptr<const storage_job>;
using storage_result = core::expected<storage::reply>;
using storage_result_ptr = std::shared_ptr<const storage_result>;

/// A look-up of any number of tokens; answered with found_tokens in the same order.
struct token_lookup {
  std::vector<core::token_hash> hashes;
  core::steady_time deadline;
};

using token_lookup_ptr = std::shared_ptr<const token_lookup>;

} // namespace cm::actors
