// Classifies the error numbers of MariaDB and of its client library: the consequences for the connection and the
// request.
#pragma once

#include "core/base/error.hpp"

#include <boost/system/result.hpp>

#include <cstdint>
#include <string>
#include <string_view>

namespace cm::storage {

/// What the owner of the connection has to do after a failure.
enum class error_class : std::uint8_t {
  usable,    ///< the request failed; the connection can still be used
  retryable, ///< the transaction lost a conflict with another one: roll back, pause, repeat
  broken,    ///< the connection is closed or in an unknown state: drop it
  read_only, ///< a replica, a demoted primary or a node outside its cluster: drop the connection, try the next host
  schema,    ///< unexpected tables or columns: drop the connection, so that the next one checks the schema
};

[[nodiscard]] std::string_view to_string(error_class kind) noexcept;

struct classification {
  error_class kind = error_class::usable;
  core::errc code = core::errc::internal;

  friend bool operator==(const classification&, const classification&) = default;
};

/// Looks the number up in the table of error.cpp. Client errors (2000–2999, 5000–5999) and 0 (an error without a
/// number) are broken and unavailable. A server error that is not in the table is usable and internal.
[[nodiscard]] classification classify(unsigned number) noexcept;

/// Whether the error says something about the server and not about the statement, so that another host might not give
/// it: a full disk, no memory, a damaged file, too many connections, read-only, a node outside of its cluster. Client
/// errors are not included: a connection that broke says little about the server.
[[nodiscard]] bool host_specific(unsigned number) noexcept;

/// An error within storage: what is reported to the caller, and what to do with the connection.
struct failure {
  error_class kind = error_class::usable;
  core::error error;
  unsigned number = 0; ///< of the server or the client library; 0 for an error that CM raised
};

template <class T>
using outcome = boost::system::result<T, failure>;

/// Called by outcome::value() on a failure, which is a bug in the caller: throws std::logic_error.
[[noreturn]] void throw_exception_from_error(const failure& f, const boost::source_location& where);

/// A failure that the client library or the server reported. Its detail is "<doing>: <text> (errno <number>, sqlstate
/// <state>)". The stored value is removed from duplicate-key messages, because it may be the hash of a token.
[[nodiscard]] failure make_failure(unsigned number, std::string_view sqlstate, std::string_view text,
                                   std::string_view doing);

/// A failure that CM raised itself, on a connection that remains usable.
[[nodiscard]] failure make_usable_failure(core::errc code, std::string message, std::string detail = {});

/// The error of a request that failed because the database is not available; `detail` gives the reason.
[[nodiscard]] core::error unavailable_error(std::string detail);

} // namespace cm::storage
