// JMX names of managed beans: "java.lang:type=Memory".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cm::http {

/// Domain and key properties. A pattern if the domain or a value contains `*` or `?`, or if `*` follows the properties.
/// Quoted values are not supported: CM has no such names.
struct object_name {
  std::string domain;
  std::vector<std::pair<std::string, std::string>> properties; ///< sorted by key
  bool more_properties = false;                                ///< the pattern ends with `*`

  [[nodiscard]] bool is_pattern() const noexcept;

  /// Canonical form, sorted by key: "name=healthEndpoint,type=Endpoint".
  [[nodiscard]] std::string properties_text() const;

  [[nodiscard]] std::string text() const { return domain + ":" + properties_text(); }

  friend bool operator==(const object_name&, const object_name&) = default;
};

/// @return nullopt for an invalid name: no colon, no property, a duplicate property or one without a value
[[nodiscard]] std::optional<object_name> parse_object_name(std::string_view text);

/// Whether `pattern` matches `name`. A pattern without wildcards matches only the equal name.
[[nodiscard]] bool matches(const object_name& pattern, const object_name& name);

/// Glob matching: `*` matches any text, `?` any character. The time is at most proportional to the product of both
/// lengths.
[[nodiscard]] bool matches_wildcards(std::string_view pattern, std::string_view text) noexcept;

} // namespace cm::http
