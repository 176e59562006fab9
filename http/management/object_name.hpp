// Names of managed beans as JMX has them: "java.lang:type=Memory".
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cm::http {

/// Domain and key properties; a pattern where `*` or `?` stands in one of them, or `*` for further properties. Quoted
/// values are not taken apart: CM has no such names.
struct object_name {
  std::string domain;
  std::vector<std::pair<std::string, std::string>> properties; ///< by key
  bool more_properties = false;                                ///< a pattern that ends with `*`

  [[nodiscard]] bool is_pattern() const noexcept;

  /// "type=Endpoint,name=healthEndpoint" in the order of the keys: canonical.
  [[nodiscard]] std::string properties_text() const;

  [[nodiscard]] std::string text() const { return domain + ":" + properties_text(); }

  friend bool operator==(const object_name&, const object_name&) = default;
};

/// Nothing for a text that is no name: without a colon or a property, with a property twice or without a value.
[[nodiscard]] std::optional<object_name> parse_object_name(std::string_view text);

/// Whether `name` is one that `pattern` means; one that is no pattern means itself.
[[nodiscard]] bool matches(const object_name& pattern, const object_name& name);

/// `*` stands for any text, `?` for any character. Takes at most the product of both lengths.
[[nodiscard]] bool matches_wildcards(std::string_view pattern, std::string_view text) noexcept;

} // namespace cm::http
