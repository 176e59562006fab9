#include "core/base/secret.hpp"

#include <sodium.h>

#include <utility>

namespace cm::core {

void wipe(std::string& text) noexcept {
  // The whole capacity: a moved-from short string has length 0 but still holds its bytes.
  text.resize(text.capacity()); // NOLINT(clang-analyzer-cplusplus.Move): any string may come, moved-from too
  sodium_memzero(text.data(), text.size());
  text.clear();
}

secret::secret(std::string value) noexcept : value_(std::move(value)) {
  // Moving a short string copies its bytes: wipe the source.
  cm::core::wipe(value); // NOLINT(bugprone-use-after-move)
}

secret::secret(secret&& other) noexcept : value_(std::move(other.value_)) {
  other.wipe();
}

secret& secret::operator=(const secret& other) {
  if (this != &other) {
    wipe();
    value_ = other.value_;
  }
  return *this;
}

secret& secret::operator=(secret&& other) noexcept {
  if (this != &other) {
    wipe();
    value_ = std::move(other.value_);
    other.wipe();
  }
  return *this;
}

secret::~secret() {
  wipe();
}

bool operator==(const secret& left, const secret& right) noexcept {
  return left.value_.size() == right.value_.size()
         && sodium_memcmp(left.value_.data(), right.value_.data(), left.value_.size()) == 0;
}

void secret::wipe() noexcept {
  cm::core::wipe(value_);
}

std::string to_string(const secret&) {
  return "******";
}

} // namespace cm::core
