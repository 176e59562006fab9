// Load on the storage gate and its workers as in the service, without the layers above them.
#pragma once

#include "core/configuration/settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cm::test {

/// The real gate with the real workers. Throws std::runtime_error if any answer is an error.
class gate_load {
public:
  gate_load(const core::database_settings& settings, std::size_t pool);
  ~gate_load();
  gate_load(const gate_load&) = delete;
  gate_load& operator=(const gate_load&) = delete;

  /// Random look-ups of tokens 0 … rows - 1: two clients, each with `window` requests of `keys` keys in flight.
  /// @return keys per second
  double look_up(std::uint64_t rows, std::size_t window, std::size_t keys, std::chrono::milliseconds time);

  /// First uses of tokens first … first + count - 1, until all are written; with `busy`, with concurrent look-ups.
  /// @return first uses per second
  double activate(std::uint64_t first, std::uint64_t count, bool busy);

  /// Creations, `window` in flight, with numbers from `first` on.
  /// @return creations per second, and their number in `made`
  double create(std::uint64_t first, std::size_t window, std::chrono::milliseconds time, std::uint64_t& created);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace cm::test
