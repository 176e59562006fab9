#include "core/memory/known_logins.hpp"

#include <sodium.h>

#include <stdexcept>

namespace cm::core {

known_logins::known_logins(known_login_settings settings) : settings_(settings) {
  if (settings_.max_usernames == 0 || settings_.lifetime.count() <= 0)
    throw std::invalid_argument("known logins without capacity or lifetime");
  randombytes_buf(key_.data(), key_.size());
}

known_logins::~known_logins() {
  sodium_memzero(key_.data(), key_.size());
}

void known_logins::succeeded(std::string_view username, std::string_view password, steady_time now) {
  expire(now);
  const auto name = fingerprint_of(username, {});
  auto found = entries_.find(name);
  if (found == entries_.end()) {
    if (entries_.size() >= settings_.max_usernames)
      drop(entries_.find(order_.front()));
    found = entries_.emplace(name, entry{}).first;
    found->second.position = order_.insert(order_.end(), name);
  } else {
    order_.splice(order_.end(), order_, found->second.position);
  }
  found->second.login = fingerprint_of(username, password);
  found->second.last = now;
}

bool known_logins::knows(std::string_view username, std::string_view password, steady_time now) {
  expire(now);
  const auto found = entries_.find(fingerprint_of(username, {}));
  if (found == entries_.end())
    return false;
  const auto login = fingerprint_of(username, password);
  return sodium_memcmp(login.data(), found->second.login.data(), login.size()) == 0;
}

void known_logins::forget(std::string_view username) {
  if (const auto found = entries_.find(fingerprint_of(username, {})); found != entries_.end())
    drop(found);
}

// The length of the username comes first, so that no other pair has the same bytes.
known_logins::fingerprint known_logins::fingerprint_of(std::string_view username,
                                                       std::string_view password) const noexcept {
  const auto as_bytes = [](const void* data) { return static_cast<const unsigned char*>(data); };
  const std::uint64_t length = username.size();
  crypto_generichash_state state;
  fingerprint result{};
  crypto_generichash_init(&state, key_.data(), key_.size(), result.size());
  crypto_generichash_update(&state, as_bytes(&length), sizeof length);
  crypto_generichash_update(&state, as_bytes(username.data()), username.size());
  crypto_generichash_update(&state, as_bytes(password.data()), password.size());
  crypto_generichash_final(&state, result.data(), result.size());
  sodium_memzero(&state, sizeof state);
  return result;
}

void known_logins::expire(steady_time now) {
  while (!order_.empty()) {
    const auto oldest = entries_.find(order_.front());
    if (now - oldest->second.last < settings_.lifetime)
      return;
    drop(oldest);
  }
}

void known_logins::drop(table::iterator which) {
  sodium_memzero(which->second.login.data(), which->second.login.size());
  order_.erase(which->second.position);
  entries_.erase(which);
}

} // namespace cm::core
