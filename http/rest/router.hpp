// Which resource a request is for: method and path against a table.
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

/// What stood in the place of a template's `{name}`, decoded. The views are those of the request.
class path_parameters {
public:
  static constexpr std::size_t most = 4;

  void add(std::string_view name, std::string_view value) noexcept;

  /// "" when the route has no such parameter.
  [[nodiscard]] std::string_view operator[](std::string_view name) const noexcept;

  [[nodiscard]] std::size_t size() const noexcept { return count_; }

private:
  struct parameter {
    std::string_view name;
    std::string_view value;
  };

  std::array<parameter, most> parameters_{};
  std::size_t count_ = 0;
};

enum class route_outcome : std::uint8_t {
  matched,
  not_found,          ///< 404: no such path
  method_not_allowed, ///< 405: the path has other methods
  options,            ///< OPTIONS on a path that is there: 204
};

template <class Route>
struct route_match {
  route_outcome outcome = route_outcome::not_found;
  Route route{}; ///< only for `matched`
  path_parameters parameters;
  std::string allow; ///< for method_not_allowed and options: every method of the path
};

/// The table without the type of its route identifiers. A path template is `/a/{b}/c`: a parameter is a whole segment
/// and never empty. A route for GET is one for HEAD too.
///
/// A trailing slash is passed over by the methods that read, GET, HEAD and OPTIONS. Routes of other methods do not have
/// one: with the variable parts of a path unset, a request to change one resource would otherwise be one to change all.
class route_table {
public:
  /// @throws std::logic_error for a template that does not begin with `/` or has too many parameters
  void add(method verb, std::string_view path_template, int route);

  [[nodiscard]] route_match<int> match(const request_head& request) const;

private:
  struct route {
    method verb = method::other;
    std::vector<std::string> segments; // "{name}" for a parameter
    int id = 0;
  };

  /// Whether the path is the route's but for a trailing slash, and the parameters are not empty.
  [[nodiscard]] static bool fits(const route& candidate, const request_head& request) noexcept;

  std::vector<route> routes_;
};

/// @tparam Route an enumeration; several paths may have one value
template <class Route>
class router {
public:
  struct entry {
    method verb = method::other;
    std::string_view path_template;
    Route route{};
  };

  router(std::initializer_list<entry> entries) {
    for (const auto& one : entries)
      add(one);
  }

  void add(const entry& one) { table_.add(one.verb, one.path_template, static_cast<int>(one.route)); }

  /// Thread-safe: nothing is changed.
  [[nodiscard]] route_match<Route> match(const request_head& request) const {
    auto found = table_.match(request);
    return {found.outcome, static_cast<Route>(found.route), found.parameters, std::move(found.allow)};
  }

private:
  route_table table_;
};

/// The response to a request that has no route: 404, 405 with Allow, or 204 with Allow for OPTIONS.
[[nodiscard]] response answer_unmatched(const request_head& request, route_outcome outcome, const std::string& allow);

template <class Route>
[[nodiscard]] response answer_unmatched(const request_head& request, const route_match<Route>& match) {
  return answer_unmatched(request, match.outcome, match.allow);
}

} // namespace cm::http
