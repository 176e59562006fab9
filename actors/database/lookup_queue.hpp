// The look-ups of tokens that wait for a database worker or for its reply.
#pragma once

#include "actors/database/completion.hpp"
#include "core/base/time.hpp"
#include "core/credentials/token.hpp"

#include <cstddef>
#include <cstdint>
#include <deque>
#include <optional>
#include <unordered_map>
#include <vector>

namespace cm::actors {

/// Splits look-ups into keys, which batches take in the order of their arrival, and joins the results again. Look-ups
/// that wait for the same key share one look-up in the database. Each look-up gets exactly one completion. A plain
/// class that the storage dispatcher owns. Not thread-safe; time is a parameter.
class lookup_queue {
  /// A look-up that waits for a key.
  struct waiter {
    ticket id;
    std::size_t position; ///< of the key in the look-up
  };

public:
  /// A key that is looked up once for all its waiters.
  struct key {
    core::token_hash hash;
    waiter first;
    std::vector<waiter> more;   ///< empty nearly always
    core::steady_time deadline; ///< the latest of the waiters
    core::steady_time since;    ///< when it was first asked for
  };

  using batch = std::vector<key>;

  /// Adds a look-up. @pre no other one has this ID
  void add(ticket id, const token_lookup& lookup, core::steady_time now);

  /// Removes and returns the keys that have waited longest, at most `max`. Its result is for complete(). Removes keys
  /// whose deadline has passed too, without returning them: expire() completes their look-ups.
  [[nodiscard]] batch take(std::size_t max, core::steady_time now);

  /// The database has looked up these keys: appends the completions of all look-ups that wait for no other key. An
  /// error, and a reply that does not match the keys, completes all look-ups that wait for one of them.
  void complete(const batch& keys, const storage_result_ptr& result, std::vector<completion>& out);

  /// Completes the look-ups whose deadline has passed with `late`.
  void expire(core::steady_time now, const storage_result_ptr& late, std::vector<completion>& out);

  /// Completes the look-ups with a key that no batch has taken yet with `refusal`.
  void refuse_waiting(const storage_result_ptr& refusal, std::vector<completion>& out);

  /// The number of keys that no batch has taken yet.
  [[nodiscard]] std::size_t size() const noexcept { return keys_.size(); }

  [[nodiscard]] bool empty() const noexcept { return keys_.empty(); }

private:
  struct hash_of_hash {
    std::size_t operator()(const core::token_hash& value) const noexcept;
  };

  struct open_lookup {
    std::vector<std::optional<storage::found_token>> found;
    std::size_t missing = 0; ///< keys without a result yet
    core::steady_time deadline;
  };

  void pop_front();
  void fail(ticket id, const storage_result_ptr& result, std::vector<completion>& out);
  void fail(const key& which, const storage_result_ptr& result, std::vector<completion>& out);
  void set(const waiter& which, const std::optional<storage::found_token>& token, std::vector<completion>& out);

  std::unordered_map<ticket, open_lookup> open_;
  std::deque<key> keys_;
  std::unordered_map<core::token_hash, std::uint64_t, hash_of_hash> index_; ///< hash -> sequence number in keys_
  std::uint64_t first_sequence_ = 0;                                        ///< of keys_.front()
};

} // namespace cm::actors
