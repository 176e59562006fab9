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
  invalid,             ///< the input cannot be right
  unauthenticated,     ///< unknown or wrong credentials
  forbidden,           ///< known, but not allowed
  not_found,           ///< no such thing
  expired,             ///< the message was too old on arrival
  conflict,            ///< the state of the thing does not allow it
  precondition_failed, ///< a condition of the request did not hold
  throttled,           ///< too many attempts of one kind
  internal,            ///< a fault of CM; the client learns no more than that
  overloaded,          ///< a queue is full; answered at once
  unavailable,         ///< a dependency or a part of CM is away; the request may be retried
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

/// Whether CM, and not the request, is the cause: internal, overloaded, unavailable. Says nothing about a credential.
[[nodiscard]] bool is_fault(errc code) noexcept;

/// Whether the same request may succeed later: overloaded, unavailable.
[[nodiscard]] bool is_temporary(errc code) noexcept;

} // namespace cm::core
