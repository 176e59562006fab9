// Helpers for the tests of the REST resources.
#pragma once

#include "http/rest/routes.hpp"
#include "http/server/response.hpp"
#include "parsed.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace cm::test {

inline constexpr std::string_view some_id = "0192f0a0-0000-7000-8000-000000000001";

inline http::request make_put(std::string_view target, std::string_view body) {
  std::string bytes = "PUT ";
  bytes.append(target).append(" HTTP/1.1\r\nHost: cm\r\nContent-Type: application/json\r\nContent-Length: ");
  bytes.append(std::to_string(body.size())).append("\r\n\r\n").append(body);
  auto result = parse(bytes);
  REQUIRE(result.complete);
  return std::move(result.request);
}

inline http::request make_get(const std::string& target, const std::string& if_none_match = {}) {
  return make_request("GET", target, if_none_match.empty() ? "" : "If-None-Match: " + if_none_match + "\r\n");
}

inline std::string header(const http::response& answer, std::string_view name) {
  for (const auto& [own, value] : answer.headers) {
    if (own == name)
      return value;
  }
  return {};
}

using names = std::vector<std::string>;

/// The fields of an error, which must be errc::invalid.
template <class T>
names wrong_fields(const core::expected<T>& result) {
  REQUIRE(!result.has_value());
  CHECK(result.error().code == core::errc::invalid);
  names found;
  for (const auto& field : result.error().fields)
    found.push_back(field.field);
  return found;
}

/// `text` as a query parameter's value.
inline std::string escaped(std::string_view text) {
  constexpr std::string_view digits = "0123456789ABCDEF";
  std::string result;
  for (const char c : text) {
    const auto byte = static_cast<unsigned char>(c);
    result.push_back('%');
    result.push_back(digits[byte >> 4U]);
    result.push_back(digits[byte & 0x0fU]);
  }
  return result;
}

} // namespace cm::test
