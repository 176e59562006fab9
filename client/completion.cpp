// The completion for bash. It needs nothing but bash itself.
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
  for (const auto one : all) {
    if (!out.empty())
      out += between;
    out += one;
  }
  return out;
}

std::string options_of(const command_spec& of) {
  std::string out;
  for_each_option(of, [&](const option_spec& one) { out += std::string(one.name) + ' '; });
  return out + "--help";
}

} // namespace

std::string render_bash_completion() {
  std::string out(head);

  // Behind an option with a value: its choices, a file name where it has none.
  std::set<std::string_view> free;
  std::set<std::string_view> done;
  for (const auto& command : commands()) {
    for_each_option(command, [&](const option_spec& one) {
      if (one.value.empty() || !done.insert(one.name).second)
        return;
      if (one.choices.empty())
        free.insert(one.name);
      else
        out += "      " + std::string(one.name) + ") COMPREPLY=($(compgen -W \"" + std::string(one.choices)
               + "\" -- \"$current\")); return ;;\n";
    });
  }
  out += "      " + joined(free, " | ") + ") return ;;\n    esac\n  fi\n";

  // The first word, the second, then the options.
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
  // Operands are file names, if anything, but for those who begin an option.
  out += "  case \"$COMP_CWORD $current\" in\n    1\\ * | 2\\ * | *\\ -*) ;;\n    *) return ;;\n  esac\n";
  out += tail;
  return out;
}

} // namespace cm::client
