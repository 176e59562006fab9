#include "client/arguments.hpp"

#include "core/configuration/text.hpp"

#include <algorithm>
#include <utility>

namespace cm::client {

namespace {

namespace text = core::configuration;

core::error wrong(std::string what) {
  return core::make_error(core::errc::invalid, std::move(what));
}

std::string quoted(std::string_view word) {
  return '"' + text::printable(word) + '"';
}

// Finds the known word that is most similar to a wrong one, for "did you mean".
class suggestion {
public:
  explicit suggestion(std::string_view word) : word_(word) {}

  void consider(std::string_view candidate) {
    if (word_.size() > max_word)
      return;
    const auto distance = text::edit_distance(word_, candidate, near);
    if (distance < best_) {
      best_ = distance;
      meant_ = candidate;
    }
  }

  [[nodiscard]] std::string text() const {
    return meant_.empty() ? std::string{} : "; did you mean " + std::string(meant_) + "?";
  }

private:
  static constexpr std::size_t max_word = 64;
  static constexpr std::size_t near = 2;

  std::string_view word_;
  std::string_view meant_;
  std::size_t best_ = near + 1;
};

struct operand_count {
  std::size_t min = 0;
  std::size_t max = 0;
  std::string_view first_missing; ///< the first operand after the given ones
};

operand_count count_operands(const command_spec& of, std::size_t given) {
  operand_count result;
  if (of.operands.empty())
    return result;
  for (const auto name : text::split(of.operands, ' ')) {
    if (name.front() != '[')
      ++result.min;
    if (result.max++ == given)
      result.first_missing = name;
  }
  return result;
}

const option_spec* find_option(const command_spec& of, std::string_view name) {
  const option_spec* found = nullptr;
  for_each_option(of, [&](const option_spec& option) {
    if (option.name == name)
      found = &option;
  });
  return found;
}

core::error no_such_option(const command_spec& of, std::string_view name) {
  suggestion meant(name);
  for_each_option(of, [&](const option_spec& option) { meant.consider(option.name); });
  return wrong(full_name(of) + " does not take " + quoted(name) + meant.text());
}

core::error no_such_command(std::string_view group, std::string_view name) {
  suggestion meant(name);
  for (const auto& command : commands()) {
    if (command.group == group)
      meant.consider(command.name);
  }
  if (group.empty()) {
    for (const auto& known_group : groups())
      meant.consider(known_group.name);
    return wrong((name.starts_with('-') ? "there is no option " : "there is no command ") + quoted(name)
                 + meant.text());
  }
  return wrong(std::string(group) + " has no command " + quoted(name) + meant.text());
}

core::error missing_command(const group_spec& group) {
  std::string known;
  for (const auto& command : commands()) {
    if (command.group == group.name)
      known += (known.empty() ? "" : ", ") + std::string(command.name);
  }
  return wrong(std::string(group.name) + " needs one of: " + known);
}

// Parses the words after the command.
class reader {
public:
  reader(invocation& into, std::span<const std::string_view> words) : into_(into), words_(words) {}

  std::optional<core::error> read() {
    while (!words_.empty()) {
      const auto word = next();
      if (options_are_over_ || word == "-" || !word.starts_with('-')) {
        into_.operands.emplace_back(word);
      } else if (word == "--") {
        options_are_over_ = true;
      } else if (auto fault = take_option(word)) {
        return fault;
      }
    }
    return check_operands();
  }

private:
  std::string_view next() {
    const auto word = words_.front();
    words_ = words_.subspan(1);
    return word;
  }

  std::optional<core::error> take_option(std::string_view word) {
    const auto equals = word.find('=');
    const auto name = word.substr(0, equals);
    const auto* option = find_option(*into_.command, name);
    if (option == nullptr)
      return no_such_option(*into_.command, name);
    std::string_view value;
    if (option->value.empty()) {
      if (equals != std::string_view::npos)
        return wrong(std::string(name) + " takes no value");
    } else if (equals != std::string_view::npos) {
      value = word.substr(equals + 1);
    } else if (words_.empty()) {
      return wrong(std::string(name) + " needs a value: " + std::string(option->value));
    } else {
      value = next();
    }
    return keep(*option, value);
  }

  std::optional<core::error> keep(const option_spec& option, std::string_view value) {
    if (!option.value.empty() && value.empty())
      return wrong(std::string(option.name) + " needs a value that is not empty");
    if (!option.choices.empty()) {
      const auto choices = text::split(option.choices, ' ');
      if (std::find(choices.begin(), choices.end(), value) == choices.end())
        return wrong(std::string(option.name) + " is one of: " + std::string(option.choices) + "; found "
                     + quoted(value));
    }
    const auto [entry, inserted] = into_.options.emplace(option.name, value);
    if (inserted)
      return std::nullopt;
    if (!option.repeatable)
      return wrong(std::string(option.name) + " is given twice");
    entry->second += ',';
    entry->second += value;
    return std::nullopt;
  }

  std::optional<core::error> check_operands() {
    const auto count = count_operands(*into_.command, into_.operands.size());
    if (into_.operands.size() < count.min)
      return wrong(full_name(*into_.command) + " needs " + std::string(count.first_missing));
    if (into_.operands.size() > count.max)
      return wrong(full_name(*into_.command) + " does not take " + quoted(into_.operands[count.max]));
    for (const auto& operand : into_.operands) {
      if (operand.empty())
        return wrong(full_name(*into_.command) + " does not take an empty word");
    }
    return std::nullopt;
  }

  invocation& into_;
  std::span<const std::string_view> words_;
  bool options_are_over_ = false;
};

bool asks_for_help(std::span<const std::string_view> words) {
  const auto end = std::find(words.begin(), words.end(), "--");
  return std::any_of(words.begin(), end, [](auto word) { return word == "--help" || word == "-h"; });
}

} // namespace

std::optional<std::string> invocation::value(std::string_view option) const {
  const auto found = options.find(option);
  return found == options.end() ? std::nullopt : std::optional{found->second};
}

core::expected<invocation> parse_arguments(std::span<const std::string_view> words) {
  invocation result;
  const bool help = asks_for_help(words);
  if (help)
    result.what = invocation::kind::help;
  const auto first = words.empty() ? std::string_view{} : words.front();
  if (first == "--help" || first == "-h")
    return result;
  if (first == "--version") {
    if (words.size() > 1 && !help)
      return wrong("--version does not take " + quoted(words[1]));
    if (!help)
      result.what = invocation::kind::version;
    return result;
  }
  std::size_t used = 1;
  if (words.empty()) {
    used = 0;
    result.command = find_command({}, "serve");
  } else if ((result.group = find_group(first)) != nullptr) {
    if (words.size() == 1)
      return missing_command(*result.group);
    if (words[1] == "--help" || words[1] == "-h")
      return result;
    used = 2;
    result.command = find_command(first, words[1]);
    if (result.command == nullptr)
      return no_such_command(first, words[1]);
  } else {
    result.command = find_command({}, first);
    if (result.command == nullptr)
      return no_such_command({}, first);
  }
  if (help)
    return result;
  if (auto fault = reader(result, words.subspan(used)).read())
    return *std::move(fault);
  return result;
}

} // namespace cm::client
