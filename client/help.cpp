#include "client/help.hpp"

#include "core/base/text.hpp"
#include "core/configuration/text.hpp"

#include <algorithm>

namespace cm::client {

namespace {

using core::configuration::split;

constexpr std::size_t width = 100;

// Appends words to `out`, wraps lines, and indents new lines by `indent` spaces. `column` is the length of the last
// line of `out`.
void append_wrapped(std::string& out, std::string_view words, std::size_t column, std::size_t indent) {
  bool first = true;
  for (const auto word : split(words, ' ')) {
    if (!first && column + 1 + word.size() > width) {
      out += '\n' + std::string(indent, ' ');
      column = indent;
    } else if (!first) {
      out += ' ';
      ++column;
    }
    out += word;
    column += word.size();
    first = false;
  }
  out += '\n';
}

struct row {
  std::string name;
  std::string_view text;
};

// Appends names in one column and texts in the next. A name that is too long is on a line of its own.
void append_rows(std::string& out, const std::vector<row>& rows) {
  constexpr std::size_t widest = 26;
  std::size_t column = 0;
  for (const auto& entry : rows) {
    if (entry.name.size() <= widest)
      column = std::max(column, entry.name.size());
  }
  column += 4;
  for (const auto& entry : rows) {
    std::string line = "  " + entry.name;
    if (line.size() + 2 > column) {
      out += line + '\n';
      line.clear();
    }
    line.resize(column, ' ');
    out += line;
    append_wrapped(out, entry.text, column, column);
  }
}

std::string usage(const command_spec& of) {
  auto result = "cm " + full_name(of);
  if (!of.operands.empty())
    result += ' ' + std::string(of.operands);
  bool any = false;
  for_each_option(of, [&](const option_spec&) { any = true; });
  return any ? result + " [OPTIONS]" : result;
}

std::string with_value(const option_spec& of) {
  return std::string(of.name) + (of.value.empty() ? "" : " " + std::string(of.value));
}

std::string choices_sentence(const option_spec& of) {
  std::string result = " One of: ";
  for (const char c : of.choices) {
    if (c == ' ')
      result += ',';
    result += c;
  }
  return result + '.';
}

std::string option_text(const option_spec& of) {
  // List the choices only if the help text does not contain them already.
  const auto choices = split(of.choices, ' ');
  const bool named = std::all_of(choices.begin(), choices.end(),
                                 [&](auto choice) { return of.help.find(choice) != std::string_view::npos; });
  return std::string(of.help) + (of.choices.empty() || named ? "" : choices_sentence(of));
}

void append_options(std::string& out, std::string_view title,
                    std::initializer_list<std::span<const option_spec>> lists) {
  std::vector<std::string> texts;
  std::vector<row> rows;
  for (const auto list : lists) {
    for (const auto& option : list)
      texts.push_back(option_text(option));
  }
  auto text = texts.begin();
  for (const auto list : lists) {
    for (const auto& option : list)
      rows.push_back({with_value(option), *text++});
  }
  if (rows.empty())
    return;
  out += '\n' + std::string(title) + ":\n";
  append_rows(out, rows);
}

std::string command_help(const command_spec& of) {
  auto out = "Usage: " + usage(of) + "\n\n";
  std::string summary(of.summary);
  summary.front() = core::to_upper(summary.front());
  append_wrapped(out, summary + '.', 0, 0);
  if (!of.text.empty()) {
    for (const auto paragraph : split(of.text, '\n')) {
      out += '\n';
      append_wrapped(out, paragraph, 0, 0);
    }
  }
  append_options(out, "Options", {of.options, of.more_options});
  append_options(out, "Options of commands that call the REST API", {of.connection});
  if (!of.example.empty())
    out += "\nExample:\n  " + std::string(of.example) + '\n';
  if (!of.connection.empty())
    out += "\nExit statuses: 0 done, 1 refused or failed, 64 wrong command line, 69 the service cannot be reached.\n";
  return out;
}

std::string group_help(const group_spec& of) {
  auto out =
    "Usage: cm " + std::string(of.name) + " COMMAND [OPTIONS]\n\nCommands for " + std::string(of.summary) + ":\n";
  std::vector<row> rows;
  for (const auto& command : commands()) {
    if (command.group == of.name)
      rows.push_back({std::string(command.name) + (command.operands.empty() ? "" : " " + std::string(command.operands)),
                      command.summary});
  }
  append_rows(out, rows);
  out += "\ncm " + std::string(of.name) + " COMMAND --help shows the options of a command.\n";
  return out;
}

std::string general_help() {
  std::string out =
    "Usage: cm [COMMAND] [OPTIONS]\n\nCredential Management: validates the credentials of IoT devices.\n\nCommands:\n";
  std::vector<row> rows;
  for (const auto& command : commands()) {
    if (command.group.empty() || command.group == "license" || command.group == "completion")
      rows.push_back({full_name(command), command.summary});
  }
  append_rows(out, rows);
  for (const auto& group : groups()) {
    if (group.name == "license" || group.name == "completion")
      continue;
    out += "\nCommands for " + std::string(group.summary) + ":\n";
    rows.clear();
    for (const auto& command : commands()) {
      if (command.group == group.name)
        rows.push_back({full_name(command), command.summary});
    }
    append_rows(out, rows);
  }
  out += "\nOptions:\n";
  append_rows(out, {{"--help", "show this help; after a command: the help of that command"},
                    {"--version", "show the version, the commit and the versions of the libraries"}});
  out +=
    "\nThe service is configured by a YAML file (APP_CONFIG_PATH, /srv/cm/service-config.yml) and by the environment.\n"
    "Exit statuses: 0 done or stopped on request, 1 refused or failed, 64 wrong command line, 69 gave up or the\n"
    "service cannot be reached, 77 license refused, 78 configuration.\n";
  return out;
}

} // namespace

std::string render_help(const invocation& of) {
  if (of.command != nullptr)
    return command_help(*of.command);
  return of.group != nullptr ? group_help(*of.group) : general_help();
}

} // namespace cm::client
