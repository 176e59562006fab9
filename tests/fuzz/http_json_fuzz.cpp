// The JSON reader accepts or refuses any body, and an accepted body has no duplicate members.
#include "http/json/json.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view body{reinterpret_cast<const char*>(data), size}; // NOLINT: bytes as text
  const auto object = cm::http::parse_json_object(body);
  if (!object)
    return object.error().code == cm::core::errc::invalid ? 0 : (std::abort(), 0);
  cm::http::member_reader reader{*object};
  static_cast<void>(reader.required_string("applicationName"));
  static_cast<void>(reader.optional_string("token"));
  return 0;
}
