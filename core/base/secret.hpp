// A string that must not be seen: masked wherever it is printed, wiped when it goes.
#pragma once

#include <string>
#include <string_view>

namespace cm::core {

/// Owns the bytes of a password or key. Copies are wiped one by one; nothing prints the value.
class secret {
public:
  secret() = default;
  explicit secret(std::string value) noexcept;
  secret(const secret& other) = default;
  secret(secret&& other) noexcept;
  secret& operator=(const secret& other);
  secret& operator=(secret&& other) noexcept;
  ~secret();

  /// The bytes, for the one call that needs them. Never store the view.
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

/// Always "******", whatever is inside, also for an empty one.
[[nodiscard]] std::string to_string(const secret& value);

/// Overwrites the bytes of a string, so that the compiler cannot drop the write, and empties it.
void wipe(std::string& text) noexcept;

} // namespace cm::core
