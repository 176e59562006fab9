// The bash completion script. It needs only bash itself.
#include "client/help.hpp"
#include "core/configuration/text.hpp"

#include <set>

namespace cm::client {

namespace {

constexpr std::string_view head = R"(# Completion of cm's words for bash: source <(cm completion bash)
_cm() {
  local current=${COMP_WORDS[COMP_CWORD]} previous= first=${COMP_WORDS[1]} second=${COMP_WORDS[2]} words=
  [ "$COMP_CWORD" -lt 1 ] || previous=${COMP_WORDS[COMP_CWORD - 1]}
  COMPREPLY=()
  # --option=value comes as three words.
  if [ "$current" = "=" ]; then
    current=
  elif [ "$previous" = "=" ]; then
    previous=${COMP_WORDS[COMP_CWORD - 2]}
  fi
  if [ "$COMP_CWORD" -gt 1 ]; then
    case "$previous" in
)";

constexpr std::string_view tail = R"(  COMPREPLY=($(compgen -W "$words" -- "$current"))
}
complete -o default -F _cm cm
)";

std::string joined(const std::set<std::string_view>& all, std::string_view between) {
  std::string out;
  for (const auto word : all) {
    if (!out.empty())
      out += between;
    out += word;
  }
  return out;
}

std::string options_of(const command_spec& of) {
  std::string out;
  for_each_option(of, [&](const option_spec& option) { out += std::string(option.name) + ' '; });
  return out + "--help";
}

} // namespace

std::string render_bash_completion() {
  std::string out(head);

  // After an option with a value: its choices, or file names if it has none.
  std::set<std::string_view> free;
  std::set<std::string_view> done;
  for (const auto& command : commands()) {
    for_each_option(command, [&](const option_spec& option) {
      if (option.value.empty() || !done.insert(option.name).second)
        return;
      if (option.choices.empty())
        free.insert(option.name);
      else
        out += "      " + std::string(option.name) + ") COMPREPLY=($(compgen -W \"" + std::string(option.choices)
               + "\" -- \"$current\")); return ;;\n";
    });
  }
  out += "      " + joined(free, " | ") + ") return ;;\n    esac\n  fi\n";

  // Completes the first word, the second word, then options.
  std::string first;
  std::string second;
  std::string options;
  for (const auto& command : commands()) {
    if (command.group.empty()) {
      first += std::string(command.name) + ' ';
      options += "    " + std::string(command.name) + "\\ *) words=\"" + options_of(command) + "\" ;;\n";
    } else {
      options += "    " + std::string(command.group) + "\\ " + std::string(command.name) + ") words=\""
                 + options_of(command) + "\" ;;\n";
    }
  }
  for (const auto& group : groups()) {
    first += std::string(group.name) + ' ';
    second += "    2\\ " + std::string(group.name) + ") words=\"";
    for (const auto& command : commands()) {
      if (command.group == group.name)
        second += std::string(command.name) + ' ';
    }
    second += "--help\" ;;\n";
  }
  out += "  case \"$COMP_CWORD $first\" in\n    1\\ *) words=\"" + first + "--help --version\" ;;\n" + second
         + "  esac\n  [ -n \"$words\" ] || case \"$first $second\" in\n" + options + "  esac\n";
  // For operands, leave the completion to file names unless the word begins an option.
  out += "  case \"$COMP_CWORD $current\" in\n    1\\ * | 2\\ * | *\\ -*) ;;\n    *) return ;;\n  esac\n";
  out += tail;
  return out;
}

} // namespace cm::client
