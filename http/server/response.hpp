// An HTTP response. write_head() adds the headers that all responses have in common.
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
  std::vector<std::pair<std::string, std::string>> headers; ///< besides the common ones; line breaks become spaces
  bool sensitive = false;                                   ///< contains a secret: the buffers are wiped after sending
  bool close = false;                                       ///< close the connection after this response
  /// Index of the request's route in the HTTP counters; set by the exchange.
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
  response answer;
  answer.status = status;
  answer.content_type = "application/json";
  answer.body = std::move(body);
  return answer;
}

/// A response without a body: 204, 304.
[[nodiscard]] inline response empty_response(int status) {
  response answer;
  answer.status = status;
  return answer;
}

} // namespace cm::http
