// A string that must not leak: printed masked, and wiped from memory on destruction.
#pragma once

#include <string>
#include <string_view>

namespace cm::core {

/// Owns the bytes of a password or key. Every copy wipes its own bytes; no output operator shows the value.
class secret {
public:
  secret() = default;
  explicit secret(std::string value) noexcept;
  secret(const secret& other) = default;
  secret(secret&& other) noexcept;
  secret& operator=(const secret& other);
  secret& operator=(secret&& other) noexcept;
  ~secret();

  /// The bytes, for the duration of one call. Do not store the view.
  [[nodiscard]] std::string_view reveal() const noexcept { return value_; }

  /// Zero-terminated form for C libraries.
  [[nodiscard]] const char* c_str() const noexcept { return value_.c_str(); }

  [[nodiscard]] bool empty() const noexcept { return value_.empty(); }

  /// Constant time for equal lengths.
  friend bool operator==(const secret& left, const secret& right) noexcept;

private:
  void wipe() noexcept;

  std::string value_;
};

/// Always "******", also for an empty secret.
[[nodiscard]] std::string to_string(const secret& value);

/// Overwrites the bytes of a string in a way that the compiler cannot optimise away, and empties it.
void wipe(std::string& text) noexcept;

} // namespace cm::core
