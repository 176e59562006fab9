// Parses the command line.
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

/// A parsed command line.
struct invocation {
  enum class kind : std::uint8_t {
    run,
    help, ///< for `command`, else for `group`, else the general help
    version,
  };

  kind what = kind::run;
  const command_spec* command = nullptr;
  const group_spec* group = nullptr;
  std::vector<std::string> operands;
  std::map<std::string_view, std::string> options; ///< name -> value; "" for an option without a value

  [[nodiscard]] bool has(std::string_view option) const { return options.contains(option); }

  /// The value of an option; empty if the option is missing.
  [[nodiscard]] std::optional<std::string> value(std::string_view option) const;
};

/// Parses the words after the program's name; no words mean `serve`. `--option value` and `--option=value` are
/// equivalent, options and operands may be in any order, and "--" ends the options.
/// @return errc::invalid with a one-line message that quotes words only in truncated form
[[nodiscard]] core::expected<invocation> parse_arguments(std::span<const std::string_view> words);

} // namespace cm::client
