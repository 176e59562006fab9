// Converts records to and from the JSON form of tests/vectors/avro.json, with unwrapped unions.
#pragma once

#include "avro_records.hpp"

#include <boost/json.hpp>

#include <stdexcept>
#include <string>
#include <string_view>

namespace cm::test {

inline boost::json::value to_json(std::string_view text) {
  return boost::json::string(text);
}

inline boost::json::value to_json(std::int64_t number) {
  return number;
}

inline boost::json::value to_json(std::int32_t number) {
  return number;
}

inline boost::json::value to_json(const std::optional<std::string_view>& text) {
  return text ? to_json(*text) : nullptr;
}

inline boost::json::value to_json(const std::vector<std::string_view>& texts) {
  boost::json::array out;
  for (const auto text : texts)
    out.push_back(to_json(text));
  return out;
}

template <class Record>
boost::json::object record_to_json(const Record& record) {
  boost::json::object out;
  for_each_field(record, [&](std::string_view name, const auto& member) { out[name] = to_json(member); });
  return out;
}

inline std::string_view view(const boost::json::value& from) {
  return {from.as_string().data(), from.as_string().size()};
}

inline void from_json(const boost::json::value& from, std::string_view& to) {
  to = view(from);
}

inline void from_json(const boost::json::value& from, std::int64_t& to) {
  to = from.to_number<std::int64_t>();
}

inline void from_json(const boost::json::value& from, std::int32_t& to) {
  to = from.to_number<std::int32_t>();
}

inline void from_json(const boost::json::value& from, std::optional<std::string_view>& to) {
  to.reset();
  if (!from.is_null())
    to = view(from);
}

inline void from_json(const boost::json::value& from, std::vector<std::string_view>& to) {
  to.clear();
  for (const auto& item : from.as_array())
    to.push_back(view(item));
}

/// The record's strings are views into `from`.
template <class Record>
void record_from_json(const boost::json::object& from, Record& record) {
  for_each_field(record, [&](std::string_view name, auto& member) { from_json(from.at(name), member); });
}

inline std::string from_hex(std::string_view hex) {
  const auto digit = [](char c) -> unsigned {
    if (c >= '0' && c <= '9')
      return static_cast<unsigned>(c - '0');
    if (c >= 'a' && c <= 'f')
      return static_cast<unsigned>(c - 'a') + 10;
    throw std::invalid_argument("not a hex digit");
  };
  std::string out;
  for (std::size_t i = 0; i + 1 < hex.size(); i += 2)
    out.push_back(static_cast<char>(digit(hex[i]) << 4U | digit(hex[i + 1])));
  return out;
}

inline std::string to_hex(std::string_view bytes) {
  constexpr std::string_view digits = "0123456789abcdef";
  std::string out;
  for (const char c : bytes) {
    const auto byte = static_cast<unsigned char>(c);
    out += digits[byte >> 4U];
    out += digits[byte & 0xFU];
  }
  return out;
}

} // namespace cm::test
