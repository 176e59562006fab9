// The errors of CM: a small closed set of codes. Each protocol maps them in its own module.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace cm::core {

/// Everything that can go wrong with a request. A new value also needs its name (error.cpp), its HTTP status
/// (http/server/error_status.cpp) and its ECAP status (messaging/records/ecap_status.cpp); their tests walk all codes.
enum class errc : std::uint8_t {
  none = 0,            ///< not an error; never inside an `error`
  invalid,             ///< malformed or contradictory input
  unauthenticated,     ///< unknown or wrong credentials
  forbidden,           ///< known, but not allowed
  not_found,           ///< the resource does not exist
  expired,             ///< the message had expired on arrival
  conflict,            ///< the state of the resource does not allow the change
  precondition_failed, ///< a condition of the request did not hold
  throttled,           ///< too many failed attempts
  internal,            ///< a fault in CM; the client gets no details
  overloaded,          ///< a queue is full; the response is immediate
  unavailable,         ///< a dependency or a part of CM is not available; the client may retry
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

/// Whether CM, and not the request, is the cause: internal, overloaded, unavailable. Says nothing about a credential.
[[nodiscard]] bool is_fault(errc code) noexcept;

/// Whether the same request may succeed later: overloaded, unavailable.
[[nodiscard]] bool is_temporary(errc code) noexcept;

} // namespace cm::core
