#include "catch.hpp"
#include "client/arguments.hpp"
#include "client/help.hpp"

#include <fstream>
#include <iterator>

using namespace cm::client;
using kind = invocation::kind;

namespace {

cm::core::expected<invocation> parse(std::vector<std::string_view> words) {
  return parse_arguments(words);
}

std::string fault(std::vector<std::string_view> words) {
  const auto result = parse_arguments(words);
  return result ? "no fault" : result.error().message;
}

} // namespace

TEST_CASE("an empty command line is serve") {
  const auto result = parse({});
  REQUIRE(result.has_value());
  CHECK(result->what == kind::run);
  CHECK(result->command->id == command_id::serve);
}

TEST_CASE("options and operands may be in any order, and values follow a space or an equals sign") {
  for (const auto& words :
       {std::vector<std::string_view>{"token", "list", "kettle-1", "--limit", "5", "--order=ASC"},
        std::vector<std::string_view>{"token", "list", "--limit=5", "--order", "ASC", "kettle-1"},
        std::vector<std::string_view>{"token", "list", "--limit=5", "--order=ASC", "--", "kettle-1"}}) {
    const auto result = parse(words);
    REQUIRE(result.has_value());
    CHECK(result->command->id == command_id::token_list);
    CHECK(result->operands == std::vector<std::string>{"kettle-1"});
    CHECK(result->value("--limit") == "5");
    CHECK(result->value("--order") == "ASC");
    CHECK_FALSE(result->has("--offset"));
  }
}

TEST_CASE("after two dashes everything is an operand, and a single dash is always an operand") {
  const auto dashes = parse({"token", "show", "--", "--odd", "--help"});
  REQUIRE(dashes.has_value());
  CHECK(dashes->operands == std::vector<std::string>{"--odd", "--help"});
  const auto result = parse({"token", "import", "-"});
  REQUIRE(result.has_value());
  CHECK(result->operands == std::vector<std::string>{"-"});
}

TEST_CASE("a repeatable option joins its values, other options may be given once") {
  const auto result = parse({"token", "list", "e", "--status", "Active", "--status=Revoked"});
  REQUIRE(result.has_value());
  CHECK(result->value("--status") == "Active,Revoked");
  CHECK(fault({"token", "list", "e", "--limit", "1", "--limit", "1"}) == "--limit is given twice");
}

TEST_CASE("an error names the wrong word and the most similar known one") {
  CHECK(fault({"tokn"}) == "there is no command \"tokn\"; did you mean token?");
  CHECK(fault({"--verson"}) == "there is no option \"--verson\"");
  CHECK(fault({"token"})
        == "token needs one of: create, list, show, suspend, activate, revoke, delete, history, import, export");
  CHECK(fault({"token", "crate"}) == "token has no command \"crate\"; did you mean create?");
  CHECK(fault({"token", "list"}) == "token list needs ENDPOINT_ID");
  CHECK(fault({"token", "show", "e"}) == "token show needs TOKEN_ID");
  CHECK(fault({"token", "show", "e", "t", "more"}) == "token show does not take \"more\"");
  CHECK(fault({"token", "show", "", "t"}) == "token show does not take an empty word");
  CHECK(fault({"token", "list", "e", "--limt", "1"}) == "token list does not take \"--limt\"; did you mean --limit?");
  CHECK(fault({"token", "list", "e", "--limit"}) == "--limit needs a value: N");
  CHECK(fault({"token", "list", "e", "--limit="}) == "--limit needs a value that is not empty");
  CHECK(fault({"token", "list", "e", "--order", "UP"}) == "--order is one of: ASC DESC; found \"UP\"");
  CHECK(fault({"migrate", "--dry-run=yes"}) == "--dry-run takes no value");
  CHECK(fault({"serve", "more"}) == "serve does not take \"more\"");
  CHECK(fault({"--version", "more"}) == "--version does not take \"more\"");
}

TEST_CASE("control characters of a word do not appear in the message") {
  CHECK(fault({"\x1b[2J"}).find('\x1b') == std::string::npos);
}

TEST_CASE("--help is accepted everywhere and shows the help of the preceding words") {
  CHECK(parse({"--help"})->command == nullptr);
  CHECK(parse({"token", "--help"})->group->name == "token");
  CHECK(parse({"token", "list", "--help"})->command->id == command_id::token_list);
  CHECK(parse({"token", "list", "e", "--nonsense", "-h"})->what == kind::help);
  for (const auto& command : commands()) {
    std::vector<std::string_view> words;
    if (!command.group.empty())
      words.push_back(command.group);
    words.push_back(command.name);
    words.push_back("--help");
    const auto result = parse(words);
    REQUIRE(result.has_value());
    const auto text = render_help(*result);
    for_each_option(command, [&](const option_spec& option) { CHECK(text.find(option.name) != std::string::npos); });
  }
}

TEST_CASE("no line of any help is longer than 120 characters, and the general help lists every command") {
  std::vector<std::string> texts{render_help({})};
  for (const auto& command : commands()) {
    invocation of;
    of.command = &command;
    texts.push_back(render_help(of));
    const auto name = (command.group.empty() ? "" : std::string(command.group) + ' ') + std::string(command.name);
    CHECK(texts.front().find("  " + name + ' ') != std::string::npos);
  }
  for (const auto& text : texts) {
    std::size_t begin = 0;
    while (begin < text.size()) {
      const auto end = text.find('\n', begin);
      REQUIRE(end != std::string::npos);
      INFO(text.substr(begin, end - begin));
      CHECK(end - begin <= 120);
      begin = end + 1;
    }
  }
}

TEST_CASE("the manual page has every command and option, and equals docs/man/cm.1") {
  const auto manual = render_manual();
  const auto escaped = [](std::string_view text) {
    std::string out;
    for (const char c : text)
      out += c == '-' ? std::string("\\-") : std::string(1, c);
    return out;
  };
  for (const auto& command : commands()) {
    const auto name = (command.group.empty() ? "" : std::string(command.group) + ' ') + std::string(command.name);
    CHECK(manual.find(".SS \"cm " + escaped(name)) != std::string::npos);
    for_each_option(command, [&](const option_spec& option) {
      CHECK(manual.find("\\fB" + escaped(option.name) + "\\fR") != std::string::npos);
    });
  }
  std::ifstream file(std::string(CM_SOURCE_DIR) + "/docs/man/cm.1");
  const std::string committed{std::istreambuf_iterator<char>(file), {}};
  CHECK(committed == manual); // generate it again with the target cm_manual_page
}
