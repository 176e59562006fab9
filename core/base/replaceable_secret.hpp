// A secret that a reload may replace while other threads use it.
#pragma once

#include "core/base/secret.hpp"

#include <atomic>
#include <memory>
#include <utility>

namespace cm::core {

/// Thread-safe.
class replaceable_secret {
public:
  explicit replaceable_secret(secret value) : value_(std::make_shared<const secret>(std::move(value))) {}

  /// The present value. It remains as it is, whatever is set later.
  [[nodiscard]] std::shared_ptr<const secret> get() const { return value_.load(); }

  void set(secret value) { value_.store(std::make_shared<const secret>(std::move(value))); }

private:
  std::atomic<std::shared_ptr<const secret>> value_;
};

} // namespace cm::core
