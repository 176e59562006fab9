#include "catch.hpp"
#include "core/credentials/credential.hpp"

#include <array>

using namespace cm::core;

TEST_CASE("all transitions match the table of contract section 2") {
  using enum credential_status;

  struct row {
    credential_status from;
    std::array<transition, 4> to; // Inactive, Active, Suspended, Revoked
  };

  constexpr auto same = transition::unchanged;
  constexpr auto yes = transition::allowed;
  constexpr auto no = transition::forbidden;
  const std::array<row, 4> rows{{
    {inactive, {same, yes, yes, yes}},
    {active, {no, same, yes, yes}},
    {suspended, {no, yes, same, yes}},
    {revoked, {no, no, no, same}},
  }};
  for (const auto& r : rows) {
    for (std::size_t i = 0; i < 4; ++i) {
      const auto to = static_cast<credential_status>(i);
      INFO(to_string(r.from) << " to " << to_string(to));
      CHECK(check_transition(r.from, to) == r.to[i]);
    }
  }
}

TEST_CASE("an unknown state is never valid for use, and has no transition") {
  CHECK_FALSE(valid_for_use(credential_status::unknown));
  CHECK(to_string(credential_status::unknown) == "Unknown");
  for (std::size_t i = 0; i < credential_status_count; ++i) {
    const auto status = static_cast<credential_status>(i);
    CHECK(check_transition(credential_status::unknown, status) == transition::forbidden);
    CHECK(check_transition(status, credential_status::unknown) == transition::forbidden);
  }
  CHECK(unknown_status_error().code == errc::unavailable);
}

TEST_CASE("the name of a state is parsed back, and no other spelling is accepted") {
  for (std::size_t i = 0; i < credential_status_count; ++i) {
    const auto status = static_cast<credential_status>(i);
    CHECK(parse_credential_status(to_string(status)) == status);
  }
  for (const auto* wrong : {"", "inactive", "ACTIVE", "Active ", "Deleted", "Unknown"})
    CHECK_FALSE(parse_credential_status(wrong).has_value());
}

TEST_CASE("revokes() is true only for a change from a valid to an invalid state") {
  using enum credential_status;
  CHECK(revokes(inactive, suspended));
  CHECK(revokes(active, suspended));
  CHECK(revokes(active, revoked));
  CHECK_FALSE(revokes(suspended, revoked));
  CHECK_FALSE(revokes(suspended, active));
  CHECK_FALSE(revokes(inactive, active));
}
