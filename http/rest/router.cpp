#include "http/rest/router.hpp"

#include "http/server/problem.hpp"

#include <algorithm>
#include <stdexcept>
#include <utility>

namespace cm::http {

namespace {

bool is_parameter(std::string_view segment) noexcept {
  return segment.size() > 2 && segment.front() == '{' && segment.back() == '}';
}

bool only_reads(method verb) noexcept {
  return verb == method::get || verb == method::head || verb == method::options;
}

void allow(std::string& list, std::string_view name) {
  if (!list.empty())
    list.append(", ");
  list.append(name);
}

} // namespace

void path_parameters::add(std::string_view name, std::string_view value) noexcept {
  if (count_ < max_count)
    parameters_[count_++] = {name, value};
}

std::string_view path_parameters::operator[](std::string_view name) const noexcept {
  for (std::size_t i = 0; i < count_; ++i) {
    if (parameters_[i].name == name)
      return parameters_[i].value;
  }
  return {};
}

void route_table::add(method verb, std::string_view path_template, int route_id) {
  if (path_template.empty() || path_template.front() != '/')
    throw std::logic_error("a path template begins with a slash");
  route result{verb, {}, route_id};
  std::string_view rest = path_template.substr(1);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('/'), rest.size());
    result.segments.emplace_back(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
  }
  if (static_cast<std::size_t>(std::count_if(result.segments.begin(), result.segments.end(), is_parameter))
      > path_parameters::max_count)
    throw std::logic_error("a path template has too many parameters");
  routes_.push_back(std::move(result));
}

bool route_table::fits(const route& candidate, const request_head& request) noexcept {
  if (candidate.segments.size() != request.segment_count())
    return false;
  for (std::size_t i = 0; i < candidate.segments.size(); ++i) {
    const std::string_view wanted = candidate.segments[i];
    const std::string_view given = request.segment(i);
    if (is_parameter(wanted) ? given.empty() : given != wanted)
      return false;
  }
  return true;
}

route_match<int> route_table::match(const request_head& request) const {
  route_match<int> found;
  std::vector<method> others;
  const bool trailing_slash = request.has_trailing_slash();
  bool excluded = false; // the trailing slash excluded a writing route of this path
  for (const auto& candidate : routes_) {
    if (!fits(candidate, request))
      continue;
    if (trailing_slash && !only_reads(candidate.verb)) {
      excluded = true;
      continue;
    }
    const bool same =
      candidate.verb == request.verb() || (candidate.verb == method::get && request.verb() == method::head);
    if (!same) {
      others.push_back(candidate.verb);
      continue;
    }
    found.outcome = route_outcome::matched;
    found.route = candidate.id;
    for (std::size_t i = 0; i < candidate.segments.size(); ++i) {
      const std::string_view name = candidate.segments[i];
      if (is_parameter(name))
        found.parameters.add(name.substr(1, name.size() - 2), request.segment(i));
    }
    return found;
  }
  // 404, although reading routes match: a 405 would say that the resource to be changed exists at this path.
  if (others.empty() || (excluded && !only_reads(request.verb())))
    return found;
  found.outcome = request.verb() == method::options ? route_outcome::options : route_outcome::method_not_allowed;
  for (const method verb : others) {
    allow(found.allow, to_string(verb));
    if (verb == method::get)
      allow(found.allow, to_string(method::head));
  }
  allow(found.allow, to_string(method::options));
  return found;
}

response answer_unmatched(const request_head& request, route_outcome outcome, const std::string& allow) {
  switch (outcome) {
  case route_outcome::options:
    return empty_response(204).with("Allow", allow);
  case route_outcome::method_not_allowed:
    return problem(request, 405).with("Allow", allow);
  case route_outcome::matched:
  case route_outcome::not_found:
    break;
  }
  return problem(request, 404);
}

} // namespace cm::http
