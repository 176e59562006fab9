// One row of the schema: everything that is to be known about one configuration key.
#pragma once

#include "core/configuration/settings.hpp"
#include "core/configuration/value.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core::configuration {

/// Who fixed the key: the platform, or CM as its own extension.
enum class mark : std::uint8_t { platform, extension };

/// Whether this release acts on the key.
enum class availability : std::uint8_t {
  now,
  later,         ///< accepted; asking for more than this release does is a warning
  later_refused, ///< asking for it is an error, because going on without it would be unsafe
};

/// What follows the key where it stands for a family of keys.
enum class wildcard : std::uint8_t {
  none,
  one,         ///< one more part: endpoints.health.mapping.<STATUS>
  rest,        ///< everything that follows, dots included: logging.level.<logger>
  application, ///< kaa.applications.<app>.versions.<version>
};

/// A row. The texts have static storage.
struct property {
  std::string_view group{};          ///< heading in the reference
  std::string_view key{};            ///< empty: can only be set in the environment, by `variables[0]`
  std::string_view wildcard_shape{}; ///< for the reference: "<STATUS>"
  wildcard family = wildcard::none;
  std::array<std::string_view, 1> aliases{};   ///< other keys with the same meaning
  std::array<std::string_view, 1> variables{}; ///< environment variables beside those that follow from the key
  value_type type = value_type::text;
  std::string_view default_value{}; ///< as it would be written in the file; empty: not set
  std::string_view default_note{};  ///< for the reference, where the default is worked out
  std::int64_t least = 0;           ///< bounds in the smallest unit: a number, milliseconds, bytes
  std::int64_t most = std::numeric_limits<std::int64_t>::max();
  std::array<std::string_view, 3> choices{};
  bool masked = false;             ///< a secret: its value is never shown
  bool belongs_to_secrets = false; ///< a value in the file is accepted with a warning
  bool file_variable = false;      ///< the environment variable also exists with _FILE
  configuration::mark mark = mark::extension;
  configuration::availability availability = availability::now;
  std::string_view unsafe{}; ///< for `later_refused`: what would be open
  std::string_view description{};
  /// Puts a value in its place; null where nothing is to be done. `instance` is what stood for the wildcard.
  void (*apply)(settings& into, const parsed_value& value, const std::string& instance) = nullptr;
  /// Shows a default that was worked out after loading.
  std::string (*derived)(const settings& from) = nullptr;
};

/// The name in messages: the key, or the variable where there is no key.
[[nodiscard]] std::string_view name_of(const property& row);

/// "a whole number from 8 to 255": what a value of this row has to be, for people.
[[nodiscard]] std::string expectation(const property& row);

/// Reads `text`. The error's message says what was expected; for a masked row it says nothing of the value.
[[nodiscard]] expected<parsed> parse_value(const property& row, std::string_view text);

} // namespace cm::core::configuration
