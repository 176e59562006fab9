// What an error number of MariaDB or of its client library means for the connection and for the request.
#pragma once

#include "core/base/error.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cm::storage {

/// What the owner of the connection does next.
enum class error_class : std::uint8_t {
  usable,    ///< the request failed, the connection goes on
  retryable, ///< the transaction was the victim of another one: roll back, wait a little, repeat
  broken,    ///< the connection is no more, or in an unknown state: drop it
  read_only, ///< a replica, a primary that was demoted, a node outside of its cluster: drop it, try the next host
  schema,    ///< the tables are not what this program knows: drop it, so that the next connection checks the schema
};

[[nodiscard]] std::string_view to_string(error_class kind) noexcept;

struct classification {
  error_class kind = error_class::usable;
  core::errc code = core::errc::internal;

  friend bool operator==(const classification&, const classification&) = default;
};

/// The one table. Client errors (2000–2999, 5000–5999) and 0, which is an error without a number, are broken; a server
/// error that is not in the table leaves the connection usable and is internal.
[[nodiscard]] classification classify(unsigned number) noexcept;

/// An error inside this room: what the caller is told, and what becomes of the connection.
struct failure {
  error_class kind = error_class::usable;
  core::error error;
  unsigned number = 0; ///< of the server or the library; 0 for our own
};

template <class T>
using outcome = boost::system::result<T, failure>;

/// Called by outcome::value() where there is none: a fault in the caller.
[[noreturn]] void throw_exception_from_error(const failure& f, const boost::source_location& where);

/// A failure that the library or the server reported. Its detail is "<doing>: <text> (errno <number>, sqlstate
/// <state>)", with the stored value taken out of duplicate key messages: it would be a token's hash.
[[nodiscard]] failure make_failure(unsigned number, std::string_view sqlstate, std::string_view text,
                                   std::string_view doing);

/// A failure of our own making on a connection that is all right.
[[nodiscard]] failure make_usable_failure(core::errc code, std::string message, std::string detail = {});

/// The error for a request that could not be served because the database is away; detail says why.
[[nodiscard]] core::error unavailable_error(std::string detail);

} // namespace cm::storage
