// The API's answers as people read them.
#pragma once

#include "client/answer_reader.hpp"

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace cm::client {

/// Rows below headings, columns as wide as their widest text, two blanks between them. Control characters are shown as
/// "?": what a service says must not move the cursor.
[[nodiscard]] std::string render_table(const std::vector<std::string>& headings,
                                       const std::vector<std::vector<std::string>>& rows);

/// Which member of an object is shown, and under what heading.
struct column {
  std::string_view member;
  std::string_view heading;
};

struct rendered_page {
  std::string table;
  std::uint64_t shown = 0;
  std::uint64_t total = 0;
};

/// A page: an object with `content` and `totalElements`. Members of another type than text or number are shown as JSON,
/// missing ones as "-".
/// @return nothing for what is no page
[[nodiscard]] std::optional<rendered_page> render_page(std::string_view json, const std::vector<column>& columns);

/// One object: a line for each of the columns that it has.
/// @return nothing for what is no object
[[nodiscard]] std::optional<std::string> render_item(std::string_view json, const std::vector<column>& columns);

/// An error of the API in lines that begin with "cm: ": status and message, fields, correlation ID, when to try again.
[[nodiscard]] std::string render_problem(const answer& of);

/// The health that an answer of the management port tells, in one line: "UP", "DOWN: db DOWN (cannot connect)".
[[nodiscard]] std::string render_health(const answer& of);

} // namespace cm::client
