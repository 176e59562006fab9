// Strict parser for the JSON object of a request body (RFC 8259; duplicate members are errors).
#pragma once

#include "core/base/error.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

/// Maximum nesting depth of arrays and objects in a body.
inline constexpr std::size_t max_json_depth = 32;

/// Parses `body`, which must be one JSON object. The object wipes its memory when it is freed, because it may contain a
/// secret.
/// @return errc::invalid for an empty body, a syntax error, text after the object, invalid UTF-8, nesting deeper than
///   max_json_depth, another JSON type, or a duplicate member (named in `fields`)
[[nodiscard]] core::expected<boost::json::object> parse_json_object(std::string_view body);

/// Parses the body of a request: as parse_json_object(), after a byte order mark, if there is one (RFC 8259 section 8.1
/// permits to ignore it).
[[nodiscard]] core::expected<boost::json::object> parse_json_body(std::string_view body);

/// Reads typed members of an object and collects all errors, so that the client gets them in one response. Members that
/// are not read are ignored (contract section 5). The object must outlive the reader and the returned views.
class member_reader {
public:
  explicit member_reader(const boost::json::object& from) : from_(from) {}

  /// A mandatory string. If it is missing, null or not a string: "" and an error.
  [[nodiscard]] std::string_view required_string(std::string_view name);

  /// An optional string: nullopt if it is missing or null, nullopt and an error if it is not a string.
  [[nodiscard]] std::optional<std::string_view> optional_string(std::string_view name);

  /// Adds an error that the caller has detected.
  void reject(std::string_view name, std::string message);

  /// All errors so far, in the order of the calls.
  [[nodiscard]] const std::vector<core::field_error>& errors() const noexcept { return errors_; }

private:
  const boost::json::object& from_;
  std::vector<core::field_error> errors_;
};

} // namespace cm::http
