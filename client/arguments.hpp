// From the words of a command line to what is asked for.
#pragma once

#include "client/command_table.hpp"
#include "core/base/error.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace cm::client {

/// What a command line asks for.
struct invocation {
  enum class kind : std::uint8_t {
    run,
    help, ///< of `command`, else of `group`, else of all
    version,
  };

  kind what = kind::run;
  const command_spec* command = nullptr;
  const group_spec* group = nullptr;
  std::vector<std::string> operands;
  std::map<std::string_view, std::string> options; ///< name -> value; "" for those that have none

  [[nodiscard]] bool has(std::string_view option) const { return options.contains(option); }

  /// The value of an option that may be missing.
  [[nodiscard]] std::optional<std::string> value(std::string_view option) const;
};

/// Reads the words behind the program's name; without any it is `serve`. `--option value` and `--option=value` mean the
/// same, options and operands may stand in any order, "--" ends the options.
/// @return errc::invalid with one line that says what is wrong, and shows no more of a word than its beginning
[[nodiscard]] core::expected<invocation> parse_arguments(std::span<const std::string_view> words);

} // namespace cm::client
