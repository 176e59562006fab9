#include "http/rest/query.hpp"

#include "core/base/text.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace cm::http {

namespace {

constexpr std::uint64_t max_items = 1000;
constexpr auto max_offset = static_cast<std::uint64_t>(std::numeric_limits<std::int64_t>::max());

} // namespace

std::optional<std::string_view> query_reader::text(std::string_view name) {
  const auto values = from_.parameters(name);
  if (values.size() > 1)
    reject(name, "is given more than once");
  if (values.size() != 1 || values.front().empty())
    return std::nullopt;
  return values.front();
}

void query_reader::number(std::string_view name, std::uint64_t min, std::uint64_t max, std::uint64_t& target) {
  const auto given = text(name);
  if (!given)
    return;
  if (const auto value = core::parse_number<std::uint64_t>(*given, min, max))
    target = *value;
  else
    reject(name, "must be a number from " + std::to_string(min) + " to " + std::to_string(max));
}

page_request query_reader::page() {
  page_request result;
  number("offset", 0, max_offset, result.offset);
  std::uint64_t limit = result.limit;
  number("limit", 1, max_items, limit);
  result.limit = static_cast<std::uint32_t>(limit);
  return result;
}

std::vector<core::credential_status> query_reader::statuses() {
  std::vector<core::credential_status> found;
  for (std::string_view rest : from_.parameters("status")) {
    while (!rest.empty()) {
      const std::size_t end = std::min(rest.find(','), rest.size());
      const auto status = core::parse_credential_status(rest.substr(0, end));
      rest.remove_prefix(std::min(end + 1, rest.size()));
      if (!status) {
        reject("status", "must be Inactive, Active, Suspended or Revoked");
        return found;
      }
      if (std::find(found.begin(), found.end(), *status) == found.end())
        found.push_back(*status);
    }
  }
  return found;
}

sort_order query_reader::order() {
  const auto given = text("order");
  if (given == "ASC")
    return sort_order::ascending;
  if (given && given != "DESC")
    reject("order", "must be ASC or DESC");
  return sort_order::descending;
}

void query_reader::reject(std::string_view name, std::string message) {
  errors_.push_back({std::string{name}, std::move(message)});
}

core::error invalid_request(std::vector<core::field_error> fields) {
  core::error result = core::make_error(core::errc::invalid, "The request is not valid");
  result.fields = std::move(fields);
  return result;
}

core::expected<page_request> parse_page(const request_head& from) {
  query_reader query{from};
  const page_request result = query.page();
  if (!query.errors().empty())
    return invalid_request(query.errors());
  return result;
}

} // namespace cm::http
