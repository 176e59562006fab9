// The parsers of Accept, Content-Type and If-None-Match return a result for any value.
#include "http/rest/negotiation.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view value{reinterpret_cast<const char*>(data), size}; // NOLINT: bytes as text
  static_cast<void>(cm::http::accepts(value, "application", "json"));
  static_cast<void>(cm::http::is_content_type(value, cm::http::media::json));
  const bool hit = cm::http::if_none_match(value, "\"a\"");
  // A match is "*" or contains the tag.
  if (hit && value.find('*') == std::string_view::npos && value.find("\"a\"") == std::string_view::npos)
    std::abort();
  return 0;
}
