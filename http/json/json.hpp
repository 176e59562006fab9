// Reads the JSON object of a request body, strictly (RFC 8259, and no member twice).
#pragma once

#include "core/base/error.hpp"

#include <boost/json/object.hpp>

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

/// Deepest nesting of arrays and objects in a body.
inline constexpr std::size_t max_json_depth = 32;

/// The object that is the whole of `body`. Its memory is overwritten when it goes, for it may hold a secret.
/// @return errc::invalid for an empty body, a syntax error, text behind the object, invalid UTF-8, nesting beyond
///   max_json_depth, something else than an object, or a member that stands twice (named in `fields`)
[[nodiscard]] core::expected<boost::json::object> parse_json_object(std::string_view body);

/// Takes typed members out of an object and gathers what is wrong with them, so that the client learns everything at
/// once. Members nobody asks for are ignored (contract section 5).
class member_reader {
public:
  explicit member_reader(const boost::json::object& from) : from_(from) {}

  /// A string that has to be there; "" and an error when it is not.
  [[nodiscard]] std::string_view required_string(std::string_view name);

  /// A string that may be missing or null.
  [[nodiscard]] std::optional<std::string_view> optional_string(std::string_view name);

  /// Adds an error of the caller's own.
  void reject(std::string_view name, std::string message);

  /// All errors so far, in the order of the calls.
  [[nodiscard]] const std::vector<core::field_error>& errors() const noexcept { return errors_; }

private:
  const boost::json::object& from_;
  std::vector<core::field_error> errors_;
};

} // namespace cm::http
