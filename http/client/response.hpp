// A response that the HTTP client has received.
#pragma once

#include <cstddef>
#include <functional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace cm::http {

struct client_response {
  unsigned status = 0;
  std::string reason;                                      ///< the reason phrase
  std::vector<std::pair<std::string, std::string>> fields; ///< the header, in the order of the response
  std::string body;                                        ///< empty if the body was streamed

  /// The value of the first header field with this name, which is compared without case; empty if there is none.
  [[nodiscard]] std::string_view field(std::string_view name) const;
};

/// Receives a piece of a body; returns false to abort the exchange.
using body_handler = std::function<bool(std::string_view)>;

/// Maximum sizes in bytes. A larger response is an error.
struct response_limits {
  std::size_t max_header = std::size_t{64} * 1024;
  std::size_t max_body = std::size_t{8} * 1024 * 1024; ///< of a body that is not streamed
};

} // namespace cm::http
