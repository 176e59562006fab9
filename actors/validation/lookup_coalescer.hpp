// Coalesces token validation requests: one database look-up for all requests that ask for the same token.
#pragma once

#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/deadline.hpp"
#include "actors/interfaces/storage_job.hpp"
#include "actors/nats/pending_requests.hpp"
#include "actors/nats/reply_batch.hpp"
#include "actors/nats/revocation_feed.hpp"
#include "core/base/secret.hpp"
#include "core/credentials/token_hash.hpp"
#include "core/memory/token_cache.hpp"

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace cm::actors {

struct lookup_coalescer_settings {
  core::secret hash_key;
  application_directory_ptr applications;
  bool trustful = false; ///< unknown tokens are accepted (contract 4.5)
  core::token_cache_settings cache;
};

/// Answers token validation requests: from memory where it may, otherwise by look-ups in the database, of which
/// requests for the same token share one. A plain class that a token validator owns. Not thread-safe; time is a
/// parameter.
class lookup_coalescer {
public:
  /// A look-up to be sent to the database; pass its result to found() or failed(), with the number.
  struct batch_lookup {
    std::uint64_t number = 0;
    std::shared_ptr<token_lookup> lookup; ///< its deadline is not set yet
  };

  /// What became of requests: replies, and tokens that were used for the first time.
  struct outcome {
    reply_batch_ptr replies;
    std::vector<storage::activation> first_uses;
    std::size_t hits = 0;     ///< answered from memory
    std::size_t misses = 0;   ///< looked up in memory, and not found
    std::size_t bypassed = 0; ///< not looked up in memory
  };

  explicit lookup_coalescer(lookup_coalescer_settings settings);

  /// Takes requests. Those that can be answered at once are in `done` afterwards; the others wait for the returned
  /// look-up, if there is one, or for one that is under way.
  /// @param interval of the revocation feed: what may be answered from memory at this moment
  [[nodiscard]] std::optional<batch_lookup> take(const pending_token_requests_ptr& calls,
                                                 const gap_free_interval& interval, core::steady_time now,
                                                 outcome& done);

  /// The result of a look-up.
  /// @param tokens one entry for each hash of the look-up, in its order; with another number every request gets a 500
  [[nodiscard]] outcome found(std::uint64_t number, const std::vector<std::optional<storage::found_token>>& tokens);

  /// The look-up failed: its requests are refused with the code of that failure.
  [[nodiscard]] outcome failed(std::uint64_t number, core::errc code);

  /// When refuse_overdue() is to be called: the first of the own timeouts of waiting requests ends then, unless its
  /// request was answered meanwhile. Empty: no waiting request has one that ends before a look-up would.
  [[nodiscard]] std::optional<core::steady_time> earliest_timeout() const noexcept {
    return earliest_timeout_ == core::steady_time::max() ? std::nullopt : std::optional{earliest_timeout_};
  }

  /// Refuses the waiting requests whose own timeout has ended, with `unavailable`; the look-ups go on. One outcome for
  /// each look-up that has such requests.
  [[nodiscard]] std::vector<outcome> refuse_overdue(const moment& now);

  /// These tokens were revoked: requests from now on use neither what is in memory nor look-ups under way.
  void invalidate(const std::vector<core::uuid>& ids);

  /// The same for all tokens.
  void invalidate_all();

  /// Replaces the known applications. Only tokens of those that are no longer known leave the memory: Tekton is read
  /// every few minutes, and mostly nothing has changed.
  void applications(application_directory_ptr known);

  /// Drops entries that are too old. To be called regularly, so that memory is freed while no requests arrive.
  void expire(core::steady_time now) { cache_.expire(now); }

  [[nodiscard]] const core::token_cache& cache() const noexcept { return cache_; }

private:
  /// A token that no request waits for: it is in use, and its entry will soon be too old.
  struct refresh_entry {
    std::uint32_t position = 0; ///< in the look-up
    std::string correlation_id;
  };

  /// A token of a look-up.
  struct wanted_token {
    core::token_key key;
    core::application_tag application = 0;
  };

  /// A look-up under way.
  struct open_lookup {
    pending_token_requests_ptr calls;           ///< requests that wait; answered 503 if this object is destroyed
    std::vector<std::uint32_t> positions;       ///< of each request's token in the look-up
    std::vector<wanted_token> tokens;           ///< in the order of the look-up
    std::vector<refresh_entry> refresh_entries; ///< tokens that no request waits for
    core::steady_time asked_at;
    core::steady_time earliest_timeout = core::steady_time::max(); ///< of the requests that wait
    core::cache_generation asked_in = 0;
    bool may_keep = false; ///< whether the result may be kept in memory
  };

  /// The position of a token in a look-up under way.
  struct waiter {
    std::uint64_t number = 0;
    std::uint32_t position = 0;
  };

  struct lookup_builder;

  void check_feed(const gap_free_interval& interval, const pending_token_requests& calls);
  void start_or_join(pending_token_request&& call, lookup_builder& out, const moment& now);
  static void refuse_overdue(open_lookup& open, const moment& now, reply_batch& refused);
  [[nodiscard]] std::uint32_t add_token(const pending_token_request& call, lookup_builder& out);
  void answer(pending_token_request&& call, const std::optional<storage::found_token>& token,
              reply_batch& replies) const;
  [[nodiscard]] std::optional<open_lookup> close(std::uint64_t number);

  core::token_hasher hasher_;
  application_directory_ptr applications_;
  bool trustful_;
  core::token_cache cache_;
  gap_free_interval interval_;
  const void* origin_ = nullptr; ///< of the latest requests, for comparison only
  std::unordered_map<std::uint64_t, open_lookup> open_lookups_;
  std::unordered_map<core::token_key, waiter> joinable_; ///< tokens of look-ups that a new request may join
  core::steady_time earliest_timeout_ = core::steady_time::max();
  std::uint64_t last_number_ = 0;
};

} // namespace cm::actors
