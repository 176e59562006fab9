// Remembers passwords that were right lately, as fingerprints: they lift the lock-out of a username (contract 6.3).
#pragma once

#include "core/base/time.hpp"

#include <array>
#include <chrono>
#include <cstddef>
#include <cstdint>
#include <list>
#include <map>
#include <string_view>

namespace cm::core {

struct known_login_settings {
  std::chrono::milliseconds lifetime{3'600'000}; ///< since the last success; more than 0
  std::size_t max_usernames = 65'536;            ///< capacity, about 150 bytes each; at least 1
};

/// The last right password of each username, as a BLAKE2b fingerprint of both under a random key of this object:
/// without the key, which never leaves the process, nobody can try passwords on it. A match is a hint and no
/// verification. At capacity the username whose last success is the oldest is dropped. Not thread-safe; time is a
/// parameter and must not go back. Calls take logarithmic time.
class known_logins {
public:
  explicit known_logins(known_login_settings settings = {});
  ~known_logins();
  known_logins(const known_logins&) = delete;
  known_logins& operator=(const known_logins&) = delete;

  /// The password was right, and the credential is valid.
  void succeeded(std::string_view username, std::string_view password, steady_time now);

  /// Whether succeeded() was called with both within the lifetime, and with no other password for this username since.
  [[nodiscard]] bool knows(std::string_view username, std::string_view password, steady_time now);

  /// The password is wrong now, or the credential is not valid any more.
  void forget(std::string_view username);

  [[nodiscard]] std::size_t size() const noexcept { return entries_.size(); }

private:
  using fingerprint = std::array<unsigned char, 32>;

  struct entry {
    fingerprint login{};
    steady_time last{};
    std::list<fingerprint>::iterator position; ///< in order_
  };

  using table = std::map<fingerprint, entry>;

  [[nodiscard]] fingerprint fingerprint_of(std::string_view username, std::string_view password) const noexcept;
  void expire(steady_time now);
  void drop(table::iterator which);

  known_login_settings settings_;
  std::array<unsigned char, 32> key_{};
  table entries_;                ///< by the fingerprint of the username alone
  std::list<fingerprint> order_; ///< usernames by their last success, oldest first
};

} // namespace cm::core
