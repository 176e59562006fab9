// The commands of cm and their options: the one table that parsing, help, manual page and completion are made of
// (contract 3.4).
#pragma once

#include <cstdint>
#include <span>
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
  std::string_view value;     ///< what its value is called: "N", "FILE"; empty: it has none
  std::string_view help;      ///< one sentence or several, without line ends
  std::string_view choices{}; ///< the values that it may have, with blanks between them; empty: any
  bool repeatable = false;    ///< may stand several times: the values are joined by commas
};

struct command_spec {
  command_id id{};
  std::string_view group;    ///< "token"; empty where the command has one word only
  std::string_view name;     ///< "create"
  std::string_view operands; ///< "ENDPOINT_ID [TOKEN_ID]", in this order; in brackets: may be missing
  std::string_view summary;  ///< for lists of commands
  std::string_view text;     ///< paragraphs with a line end between them; empty: the summary says it all
  std::span<const option_spec> options{};
  std::span<const option_spec> more_options{}; ///< those that it shares with others of its kind
  std::span<const option_spec> connection{};   ///< how the service is reached
  std::string_view example{};
};

/// A first word that others follow.
struct group_spec {
  std::string_view name;
  std::string_view summary;
};

/// In the order of help and manual.
[[nodiscard]] std::span<const command_spec> commands();
[[nodiscard]] std::span<const group_spec> groups();

/// Null where there is none.
[[nodiscard]] const command_spec* find_command(std::string_view group, std::string_view name);
[[nodiscard]] const group_spec* find_group(std::string_view name);

/// Calls `take(const option_spec&)` with every option of the command but --help, in the order of its help.
template <class Take>
void for_each_option(const command_spec& of, Take take) {
  for (const auto options : {of.options, of.more_options, of.connection}) {
    for (const auto& option : options)
      take(option);
  }
}

} // namespace cm::client
