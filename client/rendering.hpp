// Renders responses of the API for people.
#pragma once

#include "http/client/response.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::client {

/// Renders rows below headings. Columns are as wide as their widest text and separated by two spaces. Control
/// characters become "?", so that a response cannot control the terminal.
[[nodiscard]] std::string render_table(const std::vector<std::string>& headings,
                                       const std::vector<std::vector<std::string>>& rows);

/// A member of a JSON object and its heading.
struct column {
  std::string_view member;
  std::string_view heading;
};

struct rendered_page {
  std::string table;
  std::uint64_t shown = 0;
  std::uint64_t total = 0;
  bool total_is_lower_bound = false;
};

/// Renders a page, an object with `content` and `totalElements`. Members that are not text are shown as JSON, missing
/// ones as "-".
/// @return empty if the text is not a page
[[nodiscard]] std::optional<rendered_page> render_page(std::string_view json, const std::vector<column>& columns);

/// Renders an object with one line for each column that it has.
/// @return empty if the text is not an object
[[nodiscard]] std::optional<std::string> render_item(std::string_view json, const std::vector<column>& columns);

/// Renders an error response in lines that begin with "cm: ": status and message, fields, correlation ID, Retry-After.
[[nodiscard]] std::string render_problem(const http::client_response& of);

/// Renders a health response of the management port in one line: "UP", "DOWN: db DOWN (cannot connect)".
[[nodiscard]] std::string render_health(const http::client_response& of);

} // namespace cm::client
