// Finds the route of a request by its method and path.
#pragma once

#include "http/server/request.hpp"
#include "http/server/response.hpp"

#include <array>
#include <cstddef>
#include <cstdint>
#include <initializer_list>
#include <string>
#include <string_view>
#include <vector>

namespace cm::http {

/// The decoded values of a path template's `{name}` parameters. The views refer to the request.
class path_parameters {
public:
  static constexpr std::size_t max_count = 4;

  void add(std::string_view name, std::string_view value) noexcept;

  /// "" if the route has no such parameter.
  [[nodiscard]] std::string_view operator[](std::string_view name) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return count_; }

private:
  struct parameter {
    std::string_view name;
    std::string_view value;
  };

  std::array<parameter, max_count> parameters_{};
  std::size_t count_ = 0;
};

enum class route_outcome : std::uint8_t {
  matched,
  not_found,          ///< 404: no such path
  method_not_allowed, ///< 405: the path has other methods
  options,            ///< OPTIONS on an existing path: 204
};

template <class Route>
struct route_match {
  route_outcome outcome = route_outcome::not_found;
  Route route{}; ///< only for `matched`
  path_parameters parameters;
  std::string allow; ///< for method_not_allowed and options: all methods of the path, as for the Allow header
};

/// The non-template part of router, with integers as route identifiers. A path template is `/a/{b}/c`: a parameter is a
/// whole, non-empty segment. A route for GET also matches HEAD.
///
/// For GET, HEAD and OPTIONS, a trailing slash is ignored. Routes of other methods do not match a path with a trailing
/// slash: if a client left the last path variable empty, a request to change one resource would change all of them.
class route_table {
public:
  /// @throws std::logic_error for a template that does not start with `/` or has too many parameters
  void add(method verb, std::string_view path_template, int route);

  [[nodiscard]] route_match<int> match(const request_head& request) const;

private:
  struct route {
    method verb = method::other;
    std::vector<std::string> segments; // "{name}" for a parameter
    int id = 0;
  };

  /// Whether the path matches the route, except for a trailing slash, with non-empty parameters.
  [[nodiscard]] static bool fits(const route& candidate, const request_head& request) noexcept;

  std::vector<route> routes_;
};

/// @tparam Route an enumeration; several entries may have the same value
template <class Route>
class router {
public:
  struct entry {
    method verb = method::other;
    std::string_view path_template;
    Route route{};
  };

  router(std::initializer_list<entry> entries) {
    for (const auto& added : entries)
      add(added);
  }

  void add(const entry& added) { table_.add(added.verb, added.path_template, static_cast<int>(added.route)); }

  /// Thread-safe.
  [[nodiscard]] route_match<Route> match(const request_head& request) const {
    auto found = table_.match(request);
    return {found.outcome, static_cast<Route>(found.route), found.parameters, std::move(found.allow)};
  }

private:
  route_table table_;
};

/// The response to a request without a matching route: 404, 405 with Allow, or 204 with Allow for OPTIONS.
[[nodiscard]] response answer_unmatched(const request_head& request, route_outcome outcome, const std::string& allow);

template <class Route>
[[nodiscard]] response answer_unmatched(const request_head& request, const route_match<Route>& match) {
  return answer_unmatched(request, match.outcome, match.allow);
}

} // namespace cm::http
