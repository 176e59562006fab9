// Load on the storage gate and its workers as they run in the service, without anything in front of them.
#pragma once

#include "core/configuration/settings.hpp"

#include <chrono>
#include <cstddef>
#include <cstdint>
#include <memory>

namespace cm::test {

/// The real gate with the real workers. Throws std::runtime_error where anything is answered with an error.
class gate_load {
public:
  gate_load(const core::database_settings& settings, std::size_t pool);
  ~gate_load();
  gate_load(const gate_load&) = delete;
  gate_load& operator=(const gate_load&) = delete;

  /// Look-ups of tokens 0 … rows - 1 at random: two askers, each with `window` questions of `keys` keys in flight.
  /// @return keys answered a second
  double look_up(std::uint64_t rows, std::size_t window, std::size_t keys, std::chrono::milliseconds time);

  /// First uses of tokens first … first + count - 1, then the drain; with `busy`, look-ups go on beside them.
  /// @return first uses a second
  double activate(std::uint64_t first, std::uint64_t count, bool busy);

  /// Creations, `window` in flight, with numbers from `first` on.
  /// @return creations a second, and in `made` how many
  double create(std::uint64_t first, std::size_t window, std::chrono::milliseconds time, std::uint64_t& made);

private:
  struct parts;
  std::unique_ptr<parts> parts_;
};

} // namespace cm::test
