#include "core/configuration/yaml_file.hpp"

#include "core/base/text.hpp"
#include "core/configuration/text.hpp"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <map>
#include <sstream>
#include <utility>

namespace cm::core::configuration {

namespace {

std::size_t line_of(const YAML::Mark& mark) {
  return mark.line < 0 ? 1 : static_cast<std::size_t>(mark.line) + 1;
}

// Thrown by event handlers to abort parsing; yaml-cpp offers no other way.
struct refusal {
  YAML::Mark mark;
  std::string reason;
};

// Handles the parser events of one document and collects its flat keys.
class flattener : public YAML::EventHandler {
public:
  flattener(const std::string& file_name, yaml_result& into) : file_name_(file_name), into_(into) {}

  void OnDocumentStart(const YAML::Mark& mark) override { start_ = mark; }

  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t anchor) override {
    refuse_anchor(mark, anchor);
    value(mark, file_entry::kind::nothing, {});
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw refusal{mark, "aliases (*name) are not supported"};
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                const std::string& text) override {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (!frames_.empty() && frames_.back().type == frame_type::map && !frames_.back().has_key)
      key(mark, text);
    else
      value(mark, file_entry::kind::scalar, text);
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, frame_type::list);
  }

  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, anchor, frame_type::map);
  }

  void OnMapEnd() override { close(); }

  /// The position where the document begins.
  [[nodiscard]] const YAML::Mark& start() const noexcept { return start_; }

private:
  enum class frame_type : std::uint8_t {
    map,
    list,
    ignored, // nested inside a list: skipped
  };

  // The occurrence of a key in a map.
  struct occurrence {
    std::size_t line = 0;
    bool holds_map = false;
  };

  struct frame {
    frame_type type = frame_type::map;
    std::string path; // the key of this map or list
    std::size_t line = 0;
    bool has_key = false;
    std::string key; // the full key whose value comes next
    std::size_t key_line = 0;
    std::map<std::string, occurrence> keys;
    file_entry list;
    bool list_started = false;
  };

  static void refuse_anchor(const YAML::Mark& mark, YAML::anchor_t anchor) {
    if (anchor != 0)
      throw refusal{mark, "anchors (&name) are not supported"};
  }

  static void refuse_tag(const YAML::Mark& mark, const std::string& tag) {
    constexpr std::string_view standard = "tag:yaml.org,2002:";
    if (tag.empty() || tag == "?" || tag == "!")
      return;
    const std::string_view name = tag;
    for (const auto* known : {"str", "int", "bool", "float", "null", "map", "seq"}) {
      if (name.starts_with(standard) && name.substr(standard.size()) == known)
        return;
    }
    throw refusal{mark, "tags (!name) are not supported"};
  }

  void key(const YAML::Mark& mark, const std::string& text) {
    auto& top = frames_.back();
    if (text.empty())
      throw refusal{mark, "a key must not be empty"};
    top.key = top.path.empty() ? text : top.path + "." + text;
    if (top.key.size() > max_key_bytes)
      throw refusal{mark, "a key must not be longer than 512 bytes"};
    top.key_line = line_of(mark);
    top.has_key = true;
    // Duplicates must be found here if one of them holds a map: later stages only see the keys inside the map.
    const auto [known, inserted] = top.keys.emplace(text, occurrence{top.key_line, false});
    repeated_ = inserted ? 0 : known->second.line;
    repeated_map_ = !inserted && known->second.holds_map;
    current_ = &known->second;
  }

  void report_repetition(bool holds_map) {
    if (repeated_ != 0 && (holds_map || repeated_map_) && into_.errors.size() < max_shown_duplicates) {
      const auto& top = frames_.back();
      into_.errors.push_back({file_name_ + ":" + std::to_string(top.key_line), top.key,
                              "found twice, first in line " + std::to_string(repeated_) + ", expected once"});
    }
    if (current_ != nullptr)
      current_->holds_map = current_->holds_map || holds_map;
    repeated_ = 0;
    current_ = nullptr;
  }

  void value(const YAML::Mark& mark, file_entry::kind shape, const std::string& text) {
    if (frames_.empty()) {
      if (shape == file_entry::kind::nothing)
        return;
      throw refusal{mark, "found plain text, expected keys with values, as in \"server.port: 80\""};
    }
    auto& top = frames_.back();
    switch (top.type) {
    case frame_type::map:
      if (!top.has_key)
        throw refusal{mark, "a key must not be empty"};
      report_repetition(false);
      into_.entries.push_back({std::move(top.key), top.key_line, shape, text});
      top.key.clear();
      top.has_key = false;
      break;
    case frame_type::list:
      if (top.list_started)
        top.list.text += ',';
      top.list_started = true;
      top.list.text += text;
      break;
    case frame_type::ignored:
      break;
    }
  }

  void open(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t anchor, frame_type type) {
    refuse_anchor(mark, anchor);
    refuse_tag(mark, tag);
    if (frames_.size() >= max_yaml_depth)
      throw refusal{mark, "more than 32 levels"};
    frame next;
    next.type = type;
    next.line = line_of(mark);
    if (frames_.empty()) {
      if (type != frame_type::map)
        throw refusal{mark, "found a list, expected keys with values, as in \"server.port: 80\""};
    } else if (auto& top = frames_.back(); top.type == frame_type::map) {
      if (!top.has_key)
        throw refusal{mark, "a key must be plain text"};
      report_repetition(type == frame_type::map);
      next.path = std::move(top.key);
      next.line = top.key_line;
      next.list = {next.path, top.key_line, file_entry::kind::list, {}};
      top.key.clear();
      top.has_key = false;
    } else {
      if (top.type == frame_type::list)
        top.list.shape = file_entry::kind::nested;
      next.type = frame_type::ignored;
    }
    frames_.push_back(std::move(next));
  }

  void close() {
    auto& top = frames_.back();
    if (top.type == frame_type::list)
      into_.entries.push_back(std::move(top.list));
    else if (top.type == frame_type::map && top.keys.empty() && !top.path.empty())
      into_.entries.push_back({std::move(top.path), top.line, file_entry::kind::nothing, {}});
    frames_.pop_back();
  }

  const std::string& file_name_;
  yaml_result& into_;
  YAML::Mark start_;
  std::vector<frame> frames_;
  std::size_t repeated_ = 0; // line of the first of two equal keys until the value of the second arrives; 0: none
  bool repeated_map_ = false;
  occurrence* current_ = nullptr;
};

std::string location(const std::string& file_name, const YAML::Mark& mark) {
  if (mark.is_null())
    return file_name;
  return file_name + ":" + std::to_string(mark.line + 1) + ":" + std::to_string(mark.column + 1);
}

// Checked here because yaml-cpp treats a 0x04 byte as the end of the text and accepts other control characters.
std::optional<problem> unfit_bytes(const std::string& file_name, std::string_view text) {
  std::size_t number = 1;
  for (const auto line : split(text, '\n')) {
    const auto control = std::find_if(line.begin(), line.end(), [](char c) {
      return (static_cast<unsigned char>(c) < 0x20U && c != '\t' && c != '\r') || c == '\x7f';
    });
    const auto column = static_cast<std::size_t>(control - line.begin()) + 1;
    if (control != line.end())
      return problem{file_name + ":" + std::to_string(number) + ":" + std::to_string(column),
                     {},
                     "found a control character, expected YAML text"};
    if (!is_utf8(line))
      return problem{
        file_name + ":" + std::to_string(number), {}, "found bytes that are not UTF-8, expected YAML text"};
    ++number;
  }
  return std::nullopt;
}

// The line of the text that is counted from 0.
std::string_view line_at(std::string_view text, int number) {
  const auto lines = split(text, '\n');
  const auto index = static_cast<std::size_t>(number);
  return number < 0 || index >= lines.size() ? std::string_view{} : lines[index];
}

// Reads the documents after the first one. Each must begin with "---", which the parser consumes: at a character that
// cannot begin a document, yaml-cpp does not advance and would return empty documents endlessly.
void read_further(const std::string& file_name, std::string_view text, YAML::Parser& parser, yaml_result& into) {
  for (;;) {
    yaml_result document;
    flattener next(file_name, document);
    if (!parser.HandleNextDocument(next))
      return;
    const bool is_separate = line_at(text, next.start().line).starts_with("---");
    if (!is_separate || into.further.size() + 2 > max_documents) {
      into.errors.push_back({location(file_name, next.start()),
                             {},
                             is_separate ? "more than 64 YAML documents"
                                         : "found text after the end of the YAML document, expected --- before the "
                                           "next one"});
      return;
    }
    into.further.push_back(std::move(document.entries));
    into.errors.insert(into.errors.end(), document.errors.begin(), document.errors.end());
  }
}

} // namespace

yaml_result read_yaml(const std::string& file_name, std::string_view text) {
  yaml_result result;
  if (auto fault = unfit_bytes(file_name, text)) {
    result.errors.push_back(std::move(*fault));
    return result;
  }
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    flattener first(file_name, result);
    if (!parser.HandleNextDocument(first))
      return result;
    read_further(file_name, text, parser, result);
  } catch (const refusal& fault) {
    result.errors.push_back({location(file_name, fault.mark), {}, fault.reason});
  } catch (const YAML::Exception& fault) {
    result.errors.push_back({location(file_name, fault.mark), {}, "not valid YAML: " + fault.msg});
  }
  return result;
}

} // namespace cm::core::configuration
