// Where validation requests wait for what is known of their tokens: a plain class that a token validator owns.
#pragma once

#include "actors/database/storage_dispatcher.hpp"
#include "actors/interfaces/applications.hpp"
#include "actors/interfaces/storage_job.hpp"
#include "actors/nats/coherence.hpp"
#include "actors/nats/reply_batch.hpp"
#include "actors/nats/request_calls.hpp"
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

struct token_desk_settings {
  core::secret hash_key;
  application_directory_ptr applications;
  bool trustful = false; ///< unknown tokens are accepted (contract 4.5)
  core::token_cache_settings cache;
};

/// Answers from memory where it may, asks one question for all that want to know the same, and answers them when it is
/// answered. Not thread-safe; time is a parameter.
class token_desk {
public:
  /// A question for the database; what it brings goes to found() or failed(), with the number.
  struct question {
    std::uint64_t number = 0;
    std::shared_ptr<token_lookup> lookup; ///< without a deadline yet
  };

  /// What became of requests: answers, and tokens that were used for the first time.
  struct outcome {
    reply_batch_ptr replies;
    std::vector<storage::activation> first_uses;
    std::size_t hits = 0;     ///< answered from memory
    std::size_t misses = 0;   ///< looked for in memory, and not there
    std::size_t bypassed = 0; ///< not looked for there
  };

  explicit token_desk(token_desk_settings settings);

  /// Takes requests in. Those that can be answered at once are in `done` afterwards, the others wait for the question,
  /// if there is one, or for one that is out already.
  /// @param heard what may be answered from memory at this moment
  [[nodiscard]] std::optional<question> take(const token_calls_ptr& calls, const hearing& heard, core::steady_time now,
                                             outcome& done);

  /// One entry for each hash that was asked for, in that order; otherwise everybody gets a 500.
  [[nodiscard]] outcome found(std::uint64_t number, const std::vector<std::optional<storage::found_token>>& tokens);

  /// The question will not be answered.
  [[nodiscard]] outcome failed(std::uint64_t number, core::errc code);

  /// Tokens that were taken away: neither what is in memory nor what is on its way counts for requests from now on.
  void forget(const std::vector<core::uuid>& ids);

  /// The same for all tokens.
  void forget_everything();

  /// The applications that are known from now on.
  void applications(application_directory_ptr known);

  /// To be called now and then, so that memory returns when no requests come.
  void expire(core::steady_time now) { cache_.expire(now); }

  [[nodiscard]] const core::token_cache& cache() const noexcept { return cache_; }

private:
  /// Nobody's request: the token is in use and its entry will soon be too old.
  struct refreshment {
    std::uint32_t place = 0; ///< in the question
    std::string correlation_id;
  };

  /// A question that is out.
  struct open_question {
    token_calls_ptr calls;                 ///< whoever waits; answered 503 where this desk goes down
    std::vector<std::uint32_t> places;     ///< of each call's token in the question
    std::vector<core::token_key> keys;     ///< of each token
    std::vector<refreshment> refreshments; ///< tokens nobody waits for
    core::steady_time asked_at;
    core::cache_generation asked_in = 0;
    bool may_keep = false; ///< the answers, in memory
  };

  struct seat {
    std::uint64_t number = 0;
    std::uint32_t place = 0;
  };

  struct asking; // a question while it is put together

  void follow(const hearing& heard, const token_calls& calls);
  void ask_or_join(token_call call, asking& out);
  [[nodiscard]] std::uint32_t add_token(const token_call& call, asking& out);
  void answer(token_call call, const std::optional<storage::found_token>& token, reply_batch& replies) const;
  [[nodiscard]] std::optional<open_question> close(std::uint64_t number);

  core::token_hasher hasher_;
  application_directory_ptr applications_;
  bool trustful_;
  core::token_cache cache_;
  hearing heard_;
  const void* origin_ = nullptr; ///< the door through which the latest requests came
  std::unordered_map<std::uint64_t, open_question> questions_;
  std::unordered_map<core::token_key, seat> joinable_; ///< tokens of questions that a new request may join
  std::uint64_t last_number_ = 0;
};

} // namespace cm::actors
