#include "core/memory/attempt_limiter.hpp"

#include <sodium.h>

#include <algorithm>
#include <cstring>
#include <stdexcept>
#include <tuple>

namespace cm::core {

attempt_limiter::attempt_limiter(attempt_limits limits) : limits_(limits) {
  static_assert(std::tuple_size_v<decltype(hash_key_)> == crypto_shorthash_KEYBYTES);
  if (limits_.failures == 0 || limits_.max_usernames == 0)
    throw std::invalid_argument("an attempt limiter without attempts or without usernames");
  crypto_shorthash_keygen(hash_key_.data());
}

bool attempt_limiter::blocked(std::string_view username, steady_time now) {
  expire(now);
  const auto found = entries_.find(key_of(username));
  return found != entries_.end() && found->second.is_blocked;
}

unsigned attempt_limiter::left(std::string_view username, steady_time now) {
  expire(now);
  const auto found = entries_.find(key_of(username));
  if (found == entries_.end())
    return limits_.failures;
  const auto& e = found->second;
  if (e.is_blocked)
    return 0;
  const auto recent =
    std::count_if(e.failures.begin(), e.failures.end(), [&](steady_time t) { return now - t < limits_.window; });
  return limits_.failures - static_cast<unsigned>(recent);
}

void attempt_limiter::failed(std::string_view username, steady_time now) {
  expire(now);
  const auto name = key_of(username);
  auto found = entries_.find(name);
  if (found == entries_.end()) {
    evict_if_full();
    found = entries_.emplace(name, entry{}).first;
    found->second.position = unblocked_.insert(unblocked_.end(), name);
  }
  auto& e = found->second;
  if (e.is_blocked)
    return; // the attempt started before the block
  std::erase_if(e.failures, [&](steady_time t) { return now - t >= limits_.window; });
  e.failures.push_back(now);
  if (e.failures.size() < limits_.failures) {
    unblocked_.splice(unblocked_.end(), unblocked_, e.position);
    return;
  }
  e.failures = {};
  e.is_blocked = true;
  e.until = now + limits_.blocked_for;
  // All blocks have the same length, so appending keeps blocked_ ordered by their end.
  blocked_.splice(blocked_.end(), unblocked_, e.position);
}

attempt_limiter::key attempt_limiter::key_of(std::string_view username) const noexcept {
  std::array<unsigned char, crypto_shorthash_BYTES> hash{};
  crypto_shorthash(hash.data(), reinterpret_cast<const unsigned char*>(username.data()), username.size(),
                   hash_key_.data());
  key result = 0;
  static_assert(sizeof(result) == crypto_shorthash_BYTES);
  std::memcpy(&result, hash.data(), sizeof(result));
  return result;
}

void attempt_limiter::expire(steady_time now) {
  while (!blocked_.empty() && entries_.at(blocked_.front()).until <= now)
    invalidate(entries_.find(blocked_.front()));
  while (!unblocked_.empty() && now - entries_.at(unblocked_.front()).failures.back() >= limits_.window)
    invalidate(entries_.find(unblocked_.front()));
}

void attempt_limiter::invalidate(table::iterator which) {
  (which->second.is_blocked ? blocked_ : unblocked_).erase(which->second.position);
  entries_.erase(which);
}

void attempt_limiter::evict_if_full() {
  if (entries_.size() >= limits_.max_usernames)
    invalidate(entries_.find(unblocked_.empty() ? blocked_.front() : unblocked_.front()));
}

} // namespace cm::core
