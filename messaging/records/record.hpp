// How a record is read from a message and written into one, whatever the protocol.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cm::messaging {

/// Why a message is not the record that it should be, with what an answer to it needs.
struct decode_failure {
  std::string_view correlation_id;       ///< into the message; empty where it could not be read (contract 4.1)
  std::optional<std::int64_t> timestamp; ///< Unix ms; nothing where it could not be read
  std::string_view problem;              ///< for a log: static text, nothing of the message in it
};

/// Called by decoded::value() where there is none: a fault in the caller, hence std::logic_error.
[[noreturn]] void throw_exception_from_error(const decode_failure& e, const boost::source_location& where);

/// A record or the reason why there is none.
template <class Record>
using decoded = boost::system::result<Record, decode_failure>;

/// Reads one record that fills the message from its first to its last byte; anything behind it is a failure. The
/// strings of the record are views into `message`, which must outlive them. Allocates for an array only.
/// Instantiated for every record in ecap.hpp, elce.hpp and scmp.hpp.
template <class Record>
[[nodiscard]] decoded<Record> decode(std::string_view message) noexcept;

/// Appends the record to `out`. Its strings must be valid UTF-8.
template <class Record>
void encode(const Record& record, std::string& out);

} // namespace cm::messaging
