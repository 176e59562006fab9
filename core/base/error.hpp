// The error codes of CM, a small closed set, and their mapping to HTTP and ECAP statuses.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core {

/// All error codes of a request. When you add a value, extend the table in error.cpp (its test iterates over all
/// codes).
enum class errc : std::uint8_t {
  none = 0,            ///< not an error; never inside an `error`
  invalid,             ///< malformed or contradictory input: 400
  unauthenticated,     ///< unknown or wrong credentials: 401
  forbidden,           ///< known, but not allowed: 403
  not_found,           ///< the resource does not exist: 404
  expired,             ///< the message had expired on arrival: 408 on ECAP
  conflict,            ///< the state of the resource does not allow the change: 409
  precondition_failed, ///< If-Match did not match: 412
  throttled,           ///< too many failed attempts: 429
  internal,            ///< a fault in CM; the client gets no details: 500
  overloaded,          ///< a queue is full; the response is immediate: 503
  unavailable,         ///< a dependency or a part of CM is not available; the client may retry: 503
};

/// Number of values of errc, `none` included.
inline constexpr std::size_t errc_count = 12;

/// What is wrong with one field of the input. `field` is a path like a JSON pointer, or the name of a parameter.
struct field_error {
  std::string field;
  std::string message;

  friend bool operator==(const field_error&, const field_error&) = default;
};

/// The error that modules pass to each other. No member may hold a secret.
struct error {
  errc code = errc::internal;
  std::string message;             ///< shown to the client
  std::string detail;              ///< for the log only; may be empty
  std::vector<field_error> fields; ///< the invalid fields, for 400

  friend bool operator==(const error&, const error&) = default;
};

/// A value or an error, like C++23's std::expected.
template <class T>
using expected = boost::system::result<T, error>;

/// Boost calls this from expected::value() if there is no value. That is a bug in the caller, hence std::logic_error.
[[noreturn]] void throw_exception_from_error(const error& e, const boost::source_location& where);

/// Shorthand for an error without fields.
[[nodiscard]] inline error make_error(errc code, std::string message, std::string detail = {}) {
  return error{code, std::move(message), std::move(detail), {}};
}

/// The name of the code (docs/architecture/errors-and-bounds.md), for logs and metrics: "not_found".
[[nodiscard]] std::string_view to_string(errc code) noexcept;

/// The HTTP status of the code (contract 5); 200 for `none`. `expired` is 408 here too.
[[nodiscard]] int http_status(errc code) noexcept;

/// The ECAP status code (contract 4.1): the HTTP number, except that ECAP has no preconditions (412 becomes 409).
[[nodiscard]] int ecap_status(errc code) noexcept;

/// The standard reason phrase of an HTTP or ECAP status ("Not Found"); "Unknown" for a number that CM never sends.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

} // namespace cm::core
