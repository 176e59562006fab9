#include "core/credentials/credential.hpp"

#include <array>

namespace cm::core {

namespace {

constexpr std::array<std::string_view, credential_status_count> status_names{"Inactive", "Active", "Suspended",
                                                                             "Revoked"};
constexpr std::array<std::string_view, 4> channel_names{"rest", "ecap", "elce", "import"};

constexpr auto same = transition::unchanged;
constexpr auto yes = transition::allowed;
constexpr auto no = transition::forbidden;

// Rows: from. Columns: to Inactive, Active, Suspended, Revoked.
constexpr std::array<std::array<transition, credential_status_count>, credential_status_count> transitions{{
  {same, yes, yes, yes}, // Inactive
  {no, same, yes, yes},  // Active
  {no, yes, same, yes},  // Suspended
  {no, no, no, same},    // Revoked
}};

} // namespace

std::string_view to_string(credential_status status) noexcept {
  const auto index = static_cast<std::size_t>(status);
  return index < status_names.size() ? status_names[index] : "Unknown";
}

std::optional<credential_status> parse_credential_status(std::string_view text) noexcept {
  for (std::size_t i = 0; i < status_names.size(); ++i) {
    if (status_names[i] == text)
      return static_cast<credential_status>(i);
  }
  return std::nullopt;
}

error unknown_status_error() {
  return make_error(errc::unavailable, "The status of this credential in the database is not valid");
}

transition check_transition(credential_status from, credential_status to) noexcept {
  const auto row = static_cast<std::size_t>(from);
  const auto column = static_cast<std::size_t>(to);
  if (row >= credential_status_count || column >= credential_status_count)
    return transition::forbidden;
  return transitions[row][column];
}

std::string_view to_string(channel how) noexcept {
  const auto index = static_cast<std::size_t>(how);
  return index < channel_names.size() ? channel_names[index] : "unknown";
}

} // namespace cm::core
