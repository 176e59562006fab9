// The commands of cm and their options: the table from which parser, help, manual page and completion are derived
// (contract 3.4).
#pragma once

#include <cstdint>
#include <span>
#include <string>
#include <string_view>

namespace cm::client {

enum class command_id : std::uint8_t {
  serve,
  check_config,
  migrate,
  doctor,
  license_inspect,
  health,
  token_create,
  token_list,
  token_show,
  token_suspend,
  token_activate,
  token_revoke,
  token_delete,
  token_history,
  token_import,
  token_export,
  credential_create,
  credential_list,
  credential_show,
  credential_suspend,
  credential_activate,
  credential_revoke,
  credential_delete,
  credential_password,
  certificate_create,
  certificate_list,
  certificate_show,
  certificate_suspend,
  certificate_activate,
  certificate_revoke,
  certificate_delete,
  completion,
};

struct option_spec {
  std::string_view name;      ///< "--limit"
  std::string_view value;     ///< placeholder of its value: "N", "FILE"; empty: the option has no value
  std::string_view help;      ///< one or more sentences without line ends
  std::string_view choices{}; ///< valid values, separated by spaces; empty: any
  bool repeatable = false;    ///< may be given several times; the values are joined with commas
};

struct command_spec {
  command_id id{};
  std::string_view group;    ///< "token"; empty for a command of one word
  std::string_view name;     ///< "create"
  std::string_view operands; ///< "ENDPOINT_ID [TOKEN_ID]", in this order; optional ones in brackets
  std::string_view summary;  ///< for lists of commands
  std::string_view text;     ///< description: paragraphs separated by line ends; empty: the summary is sufficient
  std::span<const option_spec> options{};
  std::span<const option_spec> more_options{}; ///< shared with similar commands
  std::span<const option_spec> connection{};   ///< options of the connection to the service
  std::string_view example{};
};

/// The first word of commands with two words.
struct group_spec {
  std::string_view name;
  std::string_view summary;
};

/// The words that call the command: "token create", or "serve".
[[nodiscard]] std::string full_name(const command_spec& of);

/// All commands in the order of help and manual.
[[nodiscard]] std::span<const command_spec> commands();
[[nodiscard]] std::span<const group_spec> groups();

/// Null if there is no such command.
[[nodiscard]] const command_spec* find_command(std::string_view group, std::string_view name);
[[nodiscard]] const group_spec* find_group(std::string_view name);

/// Calls `take(const option_spec&)` for every option of the command except --help, in the order of its help.
template <class Take>
void for_each_option(const command_spec& of, Take take) {
  for (const auto options : {of.options, of.more_options, of.connection}) {
    for (const auto& option : options)
      take(option);
  }
}

} // namespace cm::client
