#include "http/management/jolokia.hpp"

#include "core/base/text.hpp"
#include "http/server/problem.hpp"

#include <boost/json/array.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <boost/json/value.hpp>

#include <algorithm>
#include <iterator>
#include <optional>
#include <string>
#include <utility>

namespace cm::http {

namespace {

namespace json = boost::json;

constexpr std::string_view protocol_version = "7.2";
constexpr std::size_t max_depth = 8; // of a request's JSON

/// An error response: status, and the name of the Java exception class that clients evaluate.
struct fault {
  int status = 400;
  std::string type;
  std::string message;
};

fault bad_request(std::string message) {
  return {400, "java.lang.IllegalArgumentException", std::move(message)};
}

/// One request, parsed from a path or from JSON.
struct operation {
  std::string type;
  std::optional<std::string> mbean;
  std::vector<std::string> attributes;
  bool several_attributes = false; ///< they were sent as an array
  std::vector<std::string> path;
};

using outcome = std::pair<std::optional<json::value>, fault>;

outcome refused(fault error) {
  return {std::nullopt, std::move(error)};
}

// -- reading requests -------------------------------------------------------------------------------------------------

// Splits a path at its slashes; "!/" is a slash within a segment, "!!" an exclamation mark.
std::vector<std::string> split_path(std::string_view text) {
  std::vector<std::string> out;
  if (text.empty())
    return out;
  out.emplace_back();
  for (std::size_t i = 0; i < text.size(); ++i) {
    if (text[i] == '!' && i + 1 < text.size())
      out.back().push_back(text[++i]);
    else if (text[i] == '/')
      out.emplace_back();
    else
      out.back().push_back(text[i]);
  }
  return out;
}

std::string join_path(const std::vector<std::string>& parts) {
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

std::optional<operation> read_path(const request_head& incoming) {
  std::string text;
  for (std::size_t i = 1; i < incoming.segment_count(); ++i)
    text.append(i == 1 ? "" : "/").append(incoming.segment(i));
  if (!core::is_utf8(text)) // the response repeats it
    return std::nullopt;
  auto parts = split_path(text);
  operation out;
  out.type = parts.empty() ? "version" : parts.front();
  auto next = parts.begin() + (parts.empty() ? 0 : 1);
  if (out.type == "read" || out.type == "search" || out.type == "write" || out.type == "exec") {
    if (next != parts.end())
      out.mbean = *next++;
    if (out.type == "read" && next != parts.end())
      out.attributes.push_back(*next++);
  }
  out.path.assign(next, parts.end());
  return out;
}

const std::string* text_of(const json::object& from, std::string_view name, std::string& storage) {
  const auto* found = from.if_contains(name);
  if (found == nullptr || !found->is_string())
    return nullptr;
  storage = found->get_string();
  return &storage;
}

std::optional<operation> read_object(const json::value& from) {
  const auto* object = from.if_object();
  std::string text;
  if (object == nullptr || text_of(*object, "type", text) == nullptr)
    return std::nullopt;
  operation out;
  out.type = core::to_lower(text);
  if (text_of(*object, "mbean", text) != nullptr)
    out.mbean = text;
  if (text_of(*object, "path", text) != nullptr)
    out.path = split_path(text);
  if (const auto* attribute = object->if_contains("attribute")) {
    if (attribute->is_string())
      out.attributes.emplace_back(attribute->get_string());
    else if (attribute->is_array()) {
      out.several_attributes = true;
      for (const auto& element : attribute->get_array()) {
        if (!element.is_string())
          return std::nullopt;
        out.attributes.emplace_back(element.get_string());
      }
    }
  }
  return out;
}

// -- answering --------------------------------------------------------------------------------------------------------

// Follows a path into objects and arrays.
outcome descend(json::value value, const std::vector<std::string>& path) {
  for (const auto& part : path) {
    json::value next;
    if (auto* object = value.if_object(); object != nullptr && object->contains(part)) {
      next = std::move(object->at(part));
    } else if (auto* array = value.if_array(); array != nullptr) {
      const auto index = core::parse_number<std::size_t>(part);
      if (!index || *index >= array->size())
        return refused({404, "java.lang.IllegalArgumentException", "Invalid path: no element " + part});
      next = std::move((*array)[*index]);
    } else {
      return refused({404, "java.lang.IllegalArgumentException", "Invalid path: nothing at " + part});
    }
    value = std::move(next);
  }
  return {std::move(value), {}};
}

outcome attributes_of(const managed_bean& bean, const operation& op, bool lenient) {
  const auto none = [](const std::string& name) {
    return refused({404, "javax.management.AttributeNotFoundException", "No such attribute: " + name});
  };
  if (op.attributes.empty())
    return {json::value(bean.attributes), {}};
  if (op.attributes.size() == 1 && !op.several_attributes && !lenient) {
    const auto* found = bean.attributes.if_contains(op.attributes.front());
    return found == nullptr ? none(op.attributes.front()) : outcome{*found, {}};
  }
  json::object out;
  for (const auto& name : op.attributes) {
    if (const auto* found = bean.attributes.if_contains(name))
      out.insert_or_assign(name, *found);
    else if (!lenient)
      return none(name);
  }
  return {json::value(std::move(out)), {}};
}

outcome read_beans(const operation& op, const jolokia_source& from) {
  if (!op.mbean)
    return refused(bad_request("No MBean given for read"));
  const auto name = parse_object_name(*op.mbean);
  if (!name)
    return refused({400, "javax.management.MalformedObjectNameException", "Invalid object name"});
  if (!name->is_pattern()) {
    const auto found =
      std::find_if(from.beans.begin(), from.beans.end(), [&](const managed_bean& bean) { return bean.name == *name; });
    if (found == from.beans.end())
      return refused({404, "javax.management.InstanceNotFoundException", "No such MBean: " + name->text()});
    auto value = attributes_of(*found, op, false);
    return value.first ? descend(std::move(*value.first), op.path) : value;
  }
  json::object out;
  for (const auto& bean : from.beans) {
    if (!matches(*name, bean.name))
      continue;
    auto value = attributes_of(bean, op, true);
    if (value.first && !value.first->get_object().empty())
      out.emplace(bean.name.text(), std::move(*value.first));
  }
  if (out.empty())
    return refused({404, "javax.management.InstanceNotFoundException", "No MBean with such a name"});
  return descend(std::move(out), op.path);
}

outcome search_beans(const operation& op, const jolokia_source& from) {
  const auto pattern = op.mbean ? parse_object_name(*op.mbean) : std::nullopt;
  if (!pattern)
    return refused({400, "javax.management.MalformedObjectNameException", "Invalid object name"});
  json::array out;
  for (const auto& bean : from.beans) {
    if (matches(*pattern, bean.name))
      out.emplace_back(bean.name.text());
  }
  return {json::value(std::move(out)), {}};
}

std::string_view java_type(const json::value& value) noexcept {
  switch (value.kind()) {
  case json::kind::bool_:
    return "boolean";
  case json::kind::int64:
  case json::kind::uint64:
    return "long";
  case json::kind::double_:
    return "double";
  case json::kind::object:
    return "java.util.Map";
  case json::kind::array:
    return "java.util.List";
  default:
    return "java.lang.String";
  }
}

outcome list_beans(const operation& op, const jolokia_source& from) {
  json::object domains;
  for (const auto& bean : from.beans) {
    json::object attributes;
    for (const auto& [name, value] : bean.attributes)
      attributes.emplace(name, json::object{{"type", java_type(value)}, {"desc", name}, {"rw", false}});
    auto& domain = domains.emplace(bean.name.domain, json::object{}).first->value().get_object();
    domain.emplace(bean.name.properties_text(),
                   json::object{{"class", "cm"}, {"desc", bean.description}, {"attr", std::move(attributes)}});
  }
  return descend(std::move(domains), op.path);
}

json::value version_of(const jolokia_source& from) {
  return json::object{{"protocol", protocol_version},
                      {"agent", from.version},
                      {"id", from.instance},
                      {"config", json::object{{"agentType", "native"}, {"maxCollectionSize", "0"}}},
                      {"info", json::object{{"product", "CM"}, {"vendor", "CM"}, {"version", from.version}}}};
}

outcome perform(const operation& op, const jolokia_source& from) {
  if (op.type == "version")
    return {version_of(from), {}};
  if (op.type == "read")
    return read_beans(op, from);
  if (op.type == "search")
    return search_beans(op, from);
  if (op.type == "list")
    return list_beans(op, from);
  if (op.type == "write" || op.type == "exec" || op.type == "notification")
    return refused({403, "java.lang.SecurityException", "Command type " + op.type + " not allowed due to policy used"});
  return refused(bad_request("No such request type"));
}

json::object echo(const operation& op) {
  json::object out{{"type", op.type}};
  if (op.mbean)
    out.emplace("mbean", *op.mbean);
  if (op.several_attributes)
    out.emplace("attribute", json::array(op.attributes.begin(), op.attributes.end()));
  else if (!op.attributes.empty())
    out.emplace("attribute", op.attributes.front());
  if (!op.path.empty())
    out.emplace("path", join_path(op.path));
  return out;
}

json::object answer_one(const std::optional<operation>& op, const jolokia_source& from) {
  json::object out;
  auto [value, error] = op ? perform(*op, from) : refused(bad_request("Invalid request"));
  if (op)
    out.emplace("request", echo(*op));
  if (value) {
    out.emplace("value", std::move(*value));
    out.emplace("status", 200);
  } else {
    out.emplace("error_type", error.type);
    out.emplace("error", error.type + " : " + error.message);
    out.emplace("status", error.status);
  }
  out.emplace("timestamp", core::to_unix_ms(from.now) / 1000);
  return out;
}

json::value answer_body(std::string_view body, const jolokia_source& from) {
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code failed;
  const auto parsed = json::parse(json::string_view(body.data(), body.size()), failed, {}, options);
  if (failed)
    return answer_one(std::nullopt, from);
  const auto* bulk = parsed.if_array();
  if (bulk == nullptr)
    return answer_one(read_object(parsed), from);
  if (bulk->size() > max_bulk_requests)
    return answer_one(std::nullopt, from);
  json::array out;
  for (const auto& element : *bulk)
    out.emplace_back(answer_one(read_object(element), from));
  return out;
}

} // namespace

bool is_jolokia_path(const request_head& request) noexcept {
  return request.segment_count() > 0 && request.segment(0) == "jolokia";
}

response answer_jolokia(const request& incoming, const jolokia_source& from) {
  switch (incoming.verb()) {
  case method::get:
  case method::head:
    return json_response(200, json::serialize(answer_one(read_path(incoming), from)));
  case method::post:
    return json_response(200, json::serialize(answer_body(incoming.body(), from)));
  default:
    return problem(incoming, 405).with("Allow", "GET, HEAD, POST");
  }
}

} // namespace cm::http
