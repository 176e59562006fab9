#include "client/rendering.hpp"

#include "core/base/error.hpp"
#include "core/base/status_phrase.hpp"
#include "core/base/text.hpp"

#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>

namespace cm::client {

namespace {

namespace json = boost::json;

constexpr std::size_t max_shown = 1024; // bytes per text

// Sanitises a text for a terminal: replaces C0 and C1 control characters, and truncates between characters.
std::string shown(std::string_view text) {
  const bool utf8 = core::is_utf8(text);
  std::string out(utf8 ? core::utf8_prefix(text, max_shown) : text.substr(0, max_shown));
  if (text.size() > max_shown)
    out += "...";
  for (std::size_t i = 0; i < out.size(); ++i) {
    const auto byte = static_cast<unsigned char>(out[i]);
    const bool c1 = byte == 0xC2U && i + 1 < out.size() && static_cast<unsigned char>(out[i + 1]) < 0xA0U;
    if (c1)
      out.erase(i, 1);
    if (c1 || byte < 0x20U || byte == 0x7FU || (!utf8 && byte >= 0x80U))
      out[i] = '?';
  }
  return out;
}

void append_padded(std::string& line, std::string_view text, std::size_t width) {
  line += text;
  line.append(width - std::min(width, core::count_characters(text)) + 2, ' ');
}

void end_line(std::string& out, std::string& line) {
  line.erase(line.find_last_not_of(' ') + 1);
  out += line + '\n';
  line.clear();
}

std::optional<json::object> parse_object(std::string_view text) {
  boost::system::error_code ec;
  auto value = json::parse(json::string_view{text.data(), text.size()}, ec);
  if (ec || !value.is_object())
    return std::nullopt;
  return std::move(value.get_object());
}

const json::value* member(const json::object& of, std::string_view name) {
  return of.if_contains(json::string_view{name.data(), name.size()});
}

// The member as text; "" if it is missing or null.
std::string text_of(const json::object& of, std::string_view name) {
  const auto* value = member(of, name);
  if (value == nullptr || value->is_null())
    return {};
  if (const auto* text = value->if_string())
    return shown({text->data(), text->size()});
  return shown(json::serialize(*value));
}

} // namespace

std::string render_table(const std::vector<std::string>& headings, const std::vector<std::vector<std::string>>& rows) {
  std::vector<std::size_t> widths(headings.size());
  for (std::size_t i = 0; i < headings.size(); ++i) {
    widths[i] = core::count_characters(headings[i]);
    for (const auto& row : rows)
      widths[i] = std::max(widths[i], core::count_characters(row[i]));
  }
  std::string out;
  std::string line;
  const auto append = [&](const std::vector<std::string>& row) {
    for (std::size_t i = 0; i < widths.size(); ++i)
      append_padded(line, row[i], widths[i]);
    end_line(out, line);
  };
  append(headings);
  for (const auto& row : rows)
    append(row);
  return out;
}

std::optional<rendered_page> render_page(std::string_view text, const std::vector<column>& columns) {
  const auto page = parse_object(text);
  const auto* content = page ? member(*page, "content") : nullptr;
  const auto* total = page ? member(*page, "totalElements") : nullptr;
  if (content == nullptr || !content->is_array() || total == nullptr || !total->is_number())
    return std::nullopt;
  boost::system::error_code ec;
  rendered_page result;
  result.total = total->to_number<std::uint64_t>(ec);
  if (ec)
    return std::nullopt;
  const auto* bound = member(*page, "totalIsLowerBound");
  result.total_is_lower_bound = bound != nullptr && bound->is_bool() && bound->get_bool();
  std::vector<std::string> headings;
  headings.reserve(columns.size());
  for (const auto& shown_column : columns)
    headings.emplace_back(shown_column.heading);
  std::vector<std::vector<std::string>> rows;
  for (const auto& item : content->get_array()) {
    if (!item.is_object())
      return std::nullopt;
    auto& row = rows.emplace_back();
    for (const auto& shown_column : columns) {
      auto cell = text_of(item.get_object(), shown_column.member);
      row.push_back(cell.empty() ? "-" : std::move(cell));
    }
  }
  result.shown = rows.size();
  result.table = render_table(headings, rows);
  return result;
}

std::optional<std::string> render_item(std::string_view text, const std::vector<column>& columns) {
  const auto item = parse_object(text);
  if (!item)
    return std::nullopt;
  std::size_t width = 0;
  for (const auto& shown_column : columns)
    width = std::max(width, shown_column.heading.size());
  std::string out;
  std::string line;
  for (const auto& shown_column : columns) {
    const auto value = text_of(*item, shown_column.member);
    if (value.empty())
      continue;
    append_padded(line, shown_column.heading, width);
    line += value;
    end_line(out, line);
  }
  return out;
}

std::string render_problem(const http::client_response& of) {
  auto phrase = shown(of.reason);
  if (phrase.empty())
    phrase = core::reason_phrase(static_cast<int>(of.status));
  auto out = "cm: " + std::to_string(of.status) + ' ' + phrase;
  auto correlation_id = shown(of.field("Correlation-ID"));
  std::string fields;
  if (const auto body = parse_object(of.body)) {
    const auto message = text_of(*body, "message");
    if (!message.empty() && message != phrase)
      out += ": " + message;
    const auto* errors = member(*body, "errors");
    if (errors != nullptr && errors->is_array()) {
      for (const auto& field : errors->get_array()) {
        if (field.is_object())
          fields +=
            "cm:   " + text_of(field.get_object(), "field") + ": " + text_of(field.get_object(), "message") + '\n';
      }
    }
  }
  if (const auto retry_after = of.field("Retry-After"); !retry_after.empty())
    out += "; try again in " + shown(retry_after) + " s";
  if (!correlation_id.empty())
    out += " (correlation ID " + correlation_id + ')';
  return out + '\n' + fields;
}

std::string render_health(const http::client_response& of) {
  const auto body = parse_object(of.body);
  const auto status = body ? text_of(*body, "status") : std::string{};
  if (status.empty())
    return "HTTP " + std::to_string(of.status) + ", and no health in the answer";
  auto out = status;
  std::string_view between = ": ";
  for (const auto& entry : *body) {
    const auto* component = entry.value().if_object();
    if (component == nullptr)
      continue;
    const auto its_status = text_of(*component, "status");
    if (its_status.empty() || its_status == "UP")
      continue;
    const auto reason = text_of(*component, "error");
    out.append(between).append(shown({entry.key().data(), entry.key().size()})).append(" ").append(its_status);
    if (!reason.empty())
      out.append(" (").append(reason).append(")");
    between = ", ";
  }
  return out;
}

} // namespace cm::client
