#include "client/import_tally.hpp"

#include "core/base/secret.hpp"

#include <boost/json/monotonic_resource.hpp>
#include <boost/json/parse.hpp>

#include <array>

namespace cm::client {

namespace json = boost::json;

import_tally::~import_tally() {
  core::wipe(held_);
}

bool import_tally::feed(std::string_view bytes) {
  const auto end = bytes.rfind('\n');
  if (end == std::string_view::npos) {
    if (held_.size() + bytes.size() > max_line)
      broken_ = true;
    else
      held_ += bytes;
    return !broken_;
  }
  std::string whole = std::move(held_);
  whole += bytes.substr(0, end + 1);
  held_ = bytes.substr(end + 1);
  bool good = held_.size() <= max_line;
  std::string_view rest = whole;
  while (good && !rest.empty()) {
    const auto length = rest.find('\n') + 1;
    good = length <= max_line && count(rest.substr(0, length));
    rest.remove_prefix(length);
  }
  broken_ = !good;
  const bool goes_on = good && on_lines_(whole);
  core::wipe(whole);
  return goes_on;
}

bool import_tally::count(std::string_view line) {
  std::array<unsigned char, 2048> space{};
  json::monotonic_resource memory(space.data(), space.size());
  boost::system::error_code ec;
  const auto value = json::parse(json::string_view{line.data(), line.size()}, ec, &memory);
  const auto* object = ec ? nullptr : value.if_object();
  const auto* result = object == nullptr ? nullptr : object->if_contains("result");
  if (result == nullptr || !result->is_string())
    return false;
  const auto& text = result->get_string();
  if (text == "created")
    ++created_;
  else if (text == "unchanged")
    ++unchanged_;
  else
    ++failed_;
  return true;
}

std::string import_tally::summary() const {
  return std::to_string(lines()) + (lines() == 1 ? " line: " : " lines: ") + std::to_string(created_) + " created, "
         + std::to_string(unchanged_) + " unchanged, " + std::to_string(failed_) + " failed";
}

} // namespace cm::client
