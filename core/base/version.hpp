// What was built.
#pragma once

#include <string_view>

namespace cm::core {

/// The release, as in CHANGELOG.md.
[[nodiscard]] std::string_view version() noexcept;

/// The first twelve digits of the commit, or "unknown".
[[nodiscard]] std::string_view commit() noexcept;

} // namespace cm::core
