// The reason phrases of status codes, which HTTP and 16/ECAP have in common.
#pragma once

#include <string_view>

namespace cm::core {

/// The standard reason phrase of an HTTP or ECAP status ("Not Found"): RFC 9110 section 15, RFC 6585 sections 4 and 5.
/// "Unknown" for a number that CM never sends.
[[nodiscard]] std::string_view reason_phrase(int status) noexcept;

} // namespace cm::core
