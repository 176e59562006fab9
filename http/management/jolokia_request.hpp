// Reads requests of the Jolokia protocol, from a path (GET) or from JSON (POST).
#pragma once

#include "http/server/request.hpp"

#include <boost/json/value.hpp>

#include <optional>
#include <string>
#include <vector>

namespace cm::http {

/// One request.
struct jolokia_operation {
  std::string type;
  std::optional<std::string> mbean;
  std::vector<std::string> attributes; ///< of `read`; empty: all
  bool several_attributes = false;     ///< a list was sent, also with one name or none: the value is an object
  std::vector<std::string> path;       ///< into the value; "*" is a wildcard
  bool ignore_errors = false;          ///< of `read`: an attribute that cannot be read is a text in the value
};

/// Reads `/jolokia/read/java.lang:type=Memory/HeapMemoryUsage,NonHeapMemoryUsage/*/used?ignoreErrors=true`. Within a
/// segment, `!/` is a slash and `!!` an exclamation mark; within the list of attributes, `\,` is a comma. The attribute
/// `*` means all, so that a path can follow.
/// @return nullopt for text that is not UTF-8
[[nodiscard]] std::optional<jolokia_operation> read_jolokia_path(const request_head& incoming);

/// Reads one JSON object: `type`, `mbean`, `attribute` (a text as in a path, or an array of names), `path` and
/// `config`.
/// @param incoming its query parameters apply where `config` says nothing
/// @return nullopt if it is not a request
[[nodiscard]] std::optional<jolokia_operation> read_jolokia_object(const boost::json::value& from,
                                                                   const request_head& incoming);

/// The parts as one text, with slashes and exclamation marks escaped.
[[nodiscard]] std::string join_jolokia_path(const std::vector<std::string>& parts);

} // namespace cm::http
