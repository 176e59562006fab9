// A row of the schema: the definition of one configuration key.
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

/// Who defines the key: the platform, or CM as its own extension.
enum class mark : std::uint8_t { platform, extension };

/// Whether this release acts on the key.
enum class availability : std::uint8_t {
  now,
  later,         ///< not available yet; a value other than the default causes a warning
  later_refused, ///< likewise, but an error, because running without the feature would be unsafe
};

/// What follows the key if the row defines a family of keys.
enum class wildcard : std::uint8_t {
  none,
  one_part,    ///< one more part: endpoints.health.mapping.<STATUS>
  rest,        ///< the whole rest, including dots: logging.level.<logger>
  application, ///< kaa.applications.<app>.versions.<version>
};

/// A row of the schema. All texts must have static storage duration.
struct property {
  std::string_view group{};          ///< heading in the reference
  std::string_view key{};            ///< empty: can only be set in the environment, with `variables[0]`
  std::string_view wildcard_shape{}; ///< for the reference: "<STATUS>"
  wildcard family = wildcard::none;
  std::array<std::string_view, 1> aliases{};   ///< other keys with the same meaning
  std::array<std::string_view, 1> variables{}; ///< environment variables besides those derived from the key
  value_type type = value_type::text;
  std::string_view default_value{}; ///< in the syntax of the file; empty: not set
  std::string_view default_note{};  ///< describes a computed default in the reference
  std::int64_t min_value = 0;       ///< inclusive bounds: of the number, in milliseconds, or in bytes
  std::int64_t max_value = std::numeric_limits<std::int64_t>::max();
  std::array<std::string_view, 3> choices{};
  bool masked = false;             ///< a secret: its value is never shown
  bool belongs_to_secrets = false; ///< should not be in the configuration file; accepted there with a warning
  bool file_variable = false;      ///< also accepts the environment variable with the suffix _FILE
  configuration::mark mark = mark::extension;
  configuration::availability availability = availability::now;
  std::string_view unsafe{}; ///< for `later_refused`: what would be unprotected
  std::string_view description{};
  /// Stores a parsed value in the settings; null if the key has no effect. `instance` is the text that matched the
  /// wildcard.
  void (*apply)(settings& into, const parsed_value& value, const std::string& instance) = nullptr;
  /// Renders a default that was computed after loading.
  std::string (*derived)(const settings& from) = nullptr;
};

/// The name in messages: the key, or the variable if there is no key.
[[nodiscard]] std::string_view name_of(const property& row);

/// Describes the valid values of this row for messages: "a whole number from 8 to 255".
[[nodiscard]] std::string expectation(const property& row);

/// Parses `text`. The message of an error states what was expected; for a masked row it does not contain the value.
[[nodiscard]] expected<parsed> parse_value(const property& row, std::string_view text);

} // namespace cm::core::configuration
