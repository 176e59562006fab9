// Decoding and encoding of the records of all protocols.
#pragma once

#include <boost/assert/source_location.hpp>
#include <boost/system/result.hpp>

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace cm::messaging {

/// The reason why a message is not a valid record, with the data that an error response needs.
struct decode_failure {
  std::string_view correlation_id;       ///< a view into the message; empty if it could not be read (contract 4.1)
  std::optional<std::int64_t> timestamp; ///< Unix ms; empty if it could not be read
  std::string_view problem;              ///< for the log: static text that contains nothing from the message
};

/// Boost calls this from decoded::value() if there is no value. That is a bug in the caller, hence std::logic_error.
[[noreturn]] void throw_exception_from_error(const decode_failure& e, const boost::source_location& where);

/// A record, or the reason why there is none.
template <class Record>
using decoded = boost::system::result<Record, decode_failure>;

/// Decodes a record that must fill the message completely. The strings of the record are views into `message`, which
/// must outlive them. Allocates only for arrays. Thread-safe. Instantiated for every record in ecap.hpp, elce.hpp and
/// scmp.hpp.
template <class Record>
[[nodiscard]] decoded<Record> decode(std::string_view message) noexcept;

/// Appends the encoded record to `out`. Precondition: its strings are valid UTF-8.
template <class Record>
void encode(const Record& record, std::string& out);

} // namespace cm::messaging
