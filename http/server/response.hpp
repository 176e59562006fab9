// A response as the rest of CM makes it; what every response carries besides is added when it is written.
#pragma once

#include <cstddef>
#include <limits>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cm::http {

struct response {
  int status = 200;
  std::string content_type; ///< empty: no Content-Type header
  std::string body;
  std::vector<std::pair<std::string, std::string>> headers; ///< beyond the common ones; line breaks are taken out
  bool sensitive = false;                                   ///< shows a secret: the buffers are wiped after sending
  bool close = false;                                       ///< the connection ends with this response
  /// The number of the request's route, for the counters; the exchange sets it.
  std::size_t route = std::numeric_limits<std::size_t>::max();

  response& with(std::string name, std::string value) & {
    headers.emplace_back(std::move(name), std::move(value));
    return *this;
  }

  response&& with(std::string name, std::string value) && {
    headers.emplace_back(std::move(name), std::move(value));
    return std::move(*this);
  }
};

[[nodiscard]] inline response json_response(int status, std::string body) {
  response made;
  made.status = status;
  made.content_type = "application/json";
  made.body = std::move(body);
  return made;
}

/// A response without a body: 204, 304.
[[nodiscard]] inline response empty_response(int status) {
  response made;
  made.status = status;
  return made;
}

} // namespace cm::http
