#include "http/management/jolokia_request.hpp"

#include "core/base/text.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>

#include <algorithm>
#include <array>
#include <string_view>

namespace cm::http {

namespace {

namespace json = boost::json;

// Splits a text at its delimiters; `escape` takes the next character literally. An empty part at the end does not
// count.
std::vector<std::string> split(std::string_view text, char escape, char delimiter) {
  std::vector<std::string> out;
  if (text.empty())
    return out;
  out.emplace_back();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == escape && i + 1 < text.size())
      out.back().push_back(text[++i]);
    else if (text[i] == delimiter)
      out.emplace_back();
    else
      out.back().push_back(text[i]);
  }
  if (out.back().empty())
    out.pop_back();
  return out;
}

std::vector<std::string> split_path(std::string_view text) {
  return text == "/" ? std::vector<std::string>{} : split(text, '!', '/');
}

// A comma-separated list of attributes, which may consist of one.
void set_attributes(jolokia_operation& out, std::string_view list) {
  out.attributes = split(list, '\\', ',');
  out.several_attributes = out.attributes.size() > 1;
}

bool is_true(std::string_view value) noexcept {
  constexpr std::array<std::string_view, 4> words{"true", "yes", "on", "1"};
  return std::find(words.begin(), words.end(), value) != words.end();
}

bool ignores_errors(const request_head& incoming) {
  const auto given = incoming.parameters("ignoreErrors");
  return !given.empty() && is_true(given.front());
}

// A boolean, a number or a text, as Jolokia reads its processing parameters.
bool is_true(const json::value& value) noexcept {
  if (value.is_bool())
    return value.get_bool();
  if (value.is_int64())
    return value.get_int64() == 1;
  return value.is_string() && is_true(std::string_view{value.get_string().data(), value.get_string().size()});
}

const std::string* text_of(const json::object& from, std::string_view name, std::string& storage) {
  const auto* found = from.if_contains(name);
  if (found == nullptr || !found->is_string())
    return nullptr;
  storage = found->get_string();
  return &storage;
}

// @return false if it is not a list of names
bool read_list(const json::array& from, jolokia_operation& out) {
  if (from.size() == 1 && from.front().is_null())
    return true; // all attributes
  out.several_attributes = true;
  for (const auto& element : from) {
    if (!element.is_string())
      return false;
    out.attributes.emplace_back(element.get_string());
  }
  return true;
}

// @return false if it is neither a text nor a list of names nor null
bool read_attribute_member(const json::value& from, jolokia_operation& out) {
  if (from.is_null())
    return true;
  if (const auto* list = from.if_array())
    return read_list(*list, out);
  if (!from.is_string())
    return false;
  set_attributes(out, std::string_view{from.get_string().data(), from.get_string().size()});
  return true;
}

} // namespace

std::string join_jolokia_path(const std::vector<std::string>& parts) {
  std::string out;
  for (const auto& part : parts) {
    if (&part != &parts.front())
      out.push_back('/');
    for (const char c : part) {
      if (c == '/' || c == '!')
        out.push_back('!');
      out.push_back(c);
    }
  }
  return out;
}

std::optional<jolokia_operation> read_jolokia_path(const request_head& incoming) {
  std::string text;
  for (std::size_t i = 1; i < incoming.segment_count(); ++i)
    text.append(i == 1 ? "" : "/").append(incoming.segment(i));
  if (!core::is_utf8(text)) // the response repeats it
    return std::nullopt;
  auto parts = split_path(text);
  jolokia_operation out;
  out.type = parts.empty() ? "version" : parts.front();
  out.ignore_errors = ignores_errors(incoming);
  auto next = parts.begin() + (parts.empty() ? 0 : 1);
  if (out.type == "read" || out.type == "search" || out.type == "write" || out.type == "exec") {
    if (next != parts.end())
      out.mbean = *next++;
    if (out.type == "read" && next != parts.end()) {
      if (*next != "*")
        set_attributes(out, *next);
      ++next;
    }
  }
  out.path.assign(next, parts.end());
  return out;
}

std::optional<jolokia_operation> read_jolokia_object(const json::value& from, const request_head& incoming) {
  const auto* object = from.if_object();
  std::string text;
  if (object == nullptr || text_of(*object, "type", text) == nullptr)
    return std::nullopt;
  jolokia_operation out;
  out.type = core::to_lower(text);
  if (text_of(*object, "mbean", text) != nullptr)
    out.mbean = text;
  if (text_of(*object, "path", text) != nullptr)
    out.path = split_path(text);
  if (const auto* attribute = object->if_contains("attribute");
      attribute != nullptr && !read_attribute_member(*attribute, out))
    return std::nullopt;
  out.ignore_errors = ignores_errors(incoming);
  const auto* config = object->if_contains("config");
  if (config != nullptr && config->is_object()) {
    if (const auto* given = config->get_object().if_contains("ignoreErrors"))
      out.ignore_errors = is_true(*given);
  }
  return out;
}

} // namespace cm::http
