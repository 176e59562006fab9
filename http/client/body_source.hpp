// A request body that is read while it is sent.
#pragma once

#include "core/base/error.hpp"

#include <cstddef>
#include <span>

namespace cm::http {

class body_source {
public:
  virtual ~body_source() = default;

  /// Whether read() would return without waiting.
  [[nodiscard]] virtual bool is_ready() const = 0;

  /// Reads the available bytes; waits for the first one. Returns 0 at the end.
  /// @return an error ends the exchange and is its result
  [[nodiscard]] virtual core::expected<std::size_t> read(std::span<char> into) = 0;

  /// Becomes readable when is_ready() becomes true. It must be of a kind that poll() can wait for while is_ready()
  /// returns false, and stays as it is: the client does not make it non-blocking.
  [[nodiscard]] virtual int descriptor() const noexcept = 0;

protected:
  body_source() = default;
  body_source(const body_source&) = default;
  body_source(body_source&&) = default;
  body_source& operator=(const body_source&) = default;
  body_source& operator=(body_source&&) = default;
};

} // namespace cm::http
