// The errors of CM: a small closed set of codes, and the one table that maps them to HTTP and ECAP.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core {

/// Everything that can go wrong with a request. Adding a value: extend the table in error.cpp (its test walks all
/// codes).
enum class errc : std::uint8_t {
  none = 0,            ///< not an error; never inside an `error`
  invalid,             ///< the input cannot be right: 400
  unauthenticated,     ///< unknown or wrong credentials: 401
  forbidden,           ///< known, but not allowed: 403
  not_found,           ///< no such thing: 404
  expired,             ///< the message was too old on arrival: 408 on ECAP
  conflict,            ///< the state of the thing does not allow it: 409
  precondition_failed, ///< If-Match did not match: 412
  throttled,           ///< too many attempts of one kind: 429
  internal,            ///< a fault of ours; the client learns no more than that: 500
  overloaded,          ///< a queue is full; answered at once: 503
  unavailable,         ///< a dependency or a part of CM is away; may be retried: 503
};

/// Number of values of errc, `none` included.
inline constexpr std::size_t errc_count = 12;

/// What is wrong with one field of the input; `field` is a JSON pointer-like path or a parameter's name.
struct field_error {
  std::string field;
  std::string message;

  friend bool operator==(const field_error&, const field_error&) = default;
};

/// An error as it passes between modules. No member holds a secret.
struct error {
  errc code = errc::internal;
  std::string message;             ///< for the client
  std::string detail;              ///< for the log only; may be empty
  std::vector<field_error> fields; ///< for 400: which fields

  friend bool operator==(const error&, const error&) = default;
};

/// A value or an error; boost::system::result has std::expected's shape.
template <class T>
using expected = boost::system::result<T, error>;

/// Called by expected::value() where there is none: a fault in the caller, hence std::logic_error.
[[noreturn]] void throw_exception_from_error(const error& e, const boost::source_location& where);

/// Shorthand for an error without detail and fields.
[[nodiscard]] inline error make_error(errc code, std::string message, std::string detail = {}) {
  return error{code, std::move(message), std::move(detail), {}};
}

/// The name of the code (docs/architecture/errors-and-bounds.md), for logs and metrics: "not_found".
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// The HTTP status of the code (contract 5); 200 for `none`. `expired` is 408 here too.
[[nodiscard]] int http_status(errc code) noexcept;

/// The ECAP status code (contract 4.1): the same numbers, but a precondition does not exist there (412 becomes 409).
[[nodiscard]] int ecap_status(errc code) noexcept;

/// The standard reason phrase of an HTTP or ECAP status ("Not Found"); "Unknown" for a number that CM never sends.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

} // namespace cm::core
