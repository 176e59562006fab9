#include "http/management/jolokia.hpp"

#include "core/base/text.hpp"
#include "http/management/jolokia_request.hpp"
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
constexpr std::size_t max_depth = 8;  // of a request's JSON
constexpr std::string_view any = "*"; // in a path: any key or index

/// An error response: status, and the name of the Java exception class that clients evaluate.
struct fault {
  int status = 400;
  std::string type;
  std::string message;
};

fault bad_request(std::string message) {
  return {400, "java.lang.IllegalArgumentException", std::move(message)};
}

using operation = jolokia_operation;

using outcome = std::pair<std::optional<json::value>, fault>;

outcome refused(fault error) {
  return {std::nullopt, std::move(error)};
}

// -- answering --------------------------------------------------------------------------------------------------------

// Follows the path, from the part at `index` on, into objects and arrays. A wildcard selects everything at its level
// that has the rest of the path; what does not have it is left out. A simple value has no levels, and is selected
// whole.
outcome descend(const json::value& value, const std::vector<std::string>& path, std::size_t index = 0) {
  if (index == path.size())
    return {value, {}};
  const auto& part = path[index];
  const auto nothing = [&part] {
    return refused({404, "java.lang.IllegalArgumentException", "Invalid path: nothing at " + part});
  };
  if (const auto* object = value.if_object(); object != nullptr && part == any) {
    json::object selected;
    for (const auto& [key, member] : *object) {
      if (auto found = descend(member, path, index + 1); found.first)
        selected.emplace(key, std::move(*found.first));
    }
    return selected.empty() && !object->empty() ? nothing() : outcome{std::move(selected), {}};
  }
  if (const auto* array = value.if_array(); array != nullptr && part == any) {
    json::array selected;
    for (const auto& element : *array) {
      if (auto found = descend(element, path, index + 1); found.first)
        selected.emplace_back(std::move(*found.first));
    }
    return selected.empty() && !array->empty() ? nothing() : outcome{std::move(selected), {}};
  }
  if (part == any)
    return {value, {}};
  if (const auto* object = value.if_object(); object != nullptr && object->contains(part))
    return descend(object->at(part), path, index + 1);
  if (const auto* array = value.if_array(); array != nullptr) {
    const auto element = core::parse_number<std::size_t>(part);
    if (!element || *element >= array->size())
      return refused({404, "java.lang.IllegalArgumentException", "Invalid path: no element " + part});
    return descend((*array)[*element], path, index + 1);
  }
  return nothing();
}

fault no_attribute(const std::string& name) {
  return {404, "javax.management.AttributeNotFoundException", "No such attribute: " + name};
}

fault no_bean(const object_name& name) {
  return {404, "javax.management.InstanceNotFoundException", "No such MBean: " + name.text()};
}

// What the agent shows in place of a value that it could not read, with `ignoreErrors`.
json::value as_value(const fault& error) {
  return json::string("ERROR: " + error.message + " (class " + error.type + ')');
}

// The value of one attribute that was requested alone: `ignoreErrors` does not apply to it.
outcome read_attribute(const managed_bean& bean, const std::string& name) {
  const auto* found = bean.attributes.if_contains(name);
  return found == nullptr ? refused(no_attribute(name)) : outcome{*found, {}};
}

// An object with the requested attributes, or with all if none is named.
outcome read_attributes(const managed_bean& bean, const operation& op) {
  if (op.attributes.empty())
    return {json::value(bean.attributes), {}};
  json::object out;
  for (const auto& name : op.attributes) {
    if (const auto* found = bean.attributes.if_contains(name))
      out.insert_or_assign(name, *found);
    else if (op.ignore_errors)
      out.insert_or_assign(name, as_value(no_attribute(name)));
    else
      return refused(no_attribute(name));
  }
  return {json::value(std::move(out)), {}};
}

// Several attributes of a bean that does not exist: with `ignoreErrors` each of them is an error.
outcome read_missing(const object_name& name, const operation& op) {
  if (!op.several_attributes || op.attributes.empty() || !op.ignore_errors)
    return refused(no_bean(name));
  json::object out;
  for (const auto& attribute : op.attributes)
    out.insert_or_assign(attribute, as_value(no_bean(name)));
  return {json::value(std::move(out)), {}};
}

outcome read_one_bean(const object_name& name, const operation& op, const jolokia_source& from) {
  const auto found =
    std::find_if(from.beans.begin(), from.beans.end(), [&](const managed_bean& bean) { return bean.name == name; });
  if (found == from.beans.end())
    return read_missing(name, op);
  return op.attributes.size() == 1 && !op.several_attributes ? read_attribute(*found, op.attributes.front())
                                                             : read_attributes(*found, op);
}

// The attributes of all beans that match the pattern. Beans without a requested attribute are left out.
outcome read_matching_beans(const object_name& pattern, const operation& op, const jolokia_source& from) {
  json::object out;
  bool any_bean = false;
  for (const auto& bean : from.beans) {
    if (!matches(pattern, bean.name))
      continue;
    any_bean = true;
    auto existing = op;
    std::erase_if(existing.attributes, [&](const auto& name) { return !bean.attributes.contains(name); });
    if (existing.attributes.empty() && !op.attributes.empty())
      continue;
    auto values = read_attributes(bean, existing);
    if (values.first && !values.first->get_object().empty())
      out.emplace(bean.name.text(), std::move(*values.first));
  }
  if (!any_bean)
    return refused({404, "javax.management.InstanceNotFoundException",
                    "No MBean with pattern " + pattern.text() + " found for reading attributes"});
  if (out.empty())
    return refused(bad_request("No matching attributes found on MBeans with pattern " + pattern.text()));
  return {json::value(std::move(out)), {}};
}

outcome read_beans(const operation& op, const jolokia_source& from) {
  if (!op.mbean)
    return refused(bad_request("No MBean given for read"));
  const auto name = parse_object_name(*op.mbean);
  if (!name)
    return refused({400, "javax.management.MalformedObjectNameException", "Invalid object name"});
  const auto read = name->is_pattern() ? read_matching_beans(*name, op, from) : read_one_bean(*name, op, from);
  return read.first ? descend(*read.first, op.path) : read;
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
  return descend(json::value(std::move(domains)), op.path);
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
  if (op.attributes.size() > 1)
    out.emplace("attribute", json::array(op.attributes.begin(), op.attributes.end()));
  else if (!op.attributes.empty())
    out.emplace("attribute", op.attributes.front());
  if (!op.path.empty())
    out.emplace("path", join_jolokia_path(op.path));
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

json::value answer_body(const request& incoming, const jolokia_source& from) {
  const std::string_view body = incoming.body();
  json::parse_options options;
  options.max_depth = max_depth;
  json::error_code failed;
  const auto parsed = json::parse(json::string_view(body.data(), body.size()), failed, {}, options);
  if (failed)
    return answer_one(std::nullopt, from);
  const auto* bulk = parsed.if_array();
  if (bulk == nullptr)
    return answer_one(read_jolokia_object(parsed, incoming), from);
  if (bulk->size() > max_bulk_requests)
    return answer_one(std::nullopt, from);
  json::array out;
  for (const auto& element : *bulk)
    out.emplace_back(answer_one(read_jolokia_object(element, incoming), from));
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
    return json_response(200, json::serialize(answer_one(read_jolokia_path(incoming), from)));
  case method::post:
    return json_response(200, json::serialize(answer_body(incoming, from)));
  default:
    return problem(incoming, 405).with("Allow", "GET, HEAD, POST");
  }
}

} // namespace cm::http
