#include "catch.hpp"
#include "core/base/status_phrase.hpp"
#include "http/server/error_status.hpp"

#include <array>
#include <utility>

using cm::core::errc;

TEST_CASE("every error code has the HTTP status that the contract gives it") {
  const std::array<std::pair<errc, int>, cm::core::errc_count> expected{{
    {errc::none, 200},
    {errc::invalid, 400},
    {errc::unauthenticated, 401},
    {errc::forbidden, 403},
    {errc::not_found, 404},
    {errc::expired, 408},
    {errc::conflict, 409},
    {errc::precondition_failed, 412},
    {errc::throttled, 429},
    {errc::internal, 500},
    {errc::overloaded, 503},
    {errc::unavailable, 503},
  }};
  for (std::size_t i = 0; i < expected.size(); ++i) {
    const auto [code, status] = expected[i];
    INFO(cm::core::to_string(code));
    CHECK(code == static_cast<errc>(i));
    CHECK(cm::http::status_of(code) == status);
    CHECK(cm::core::reason_phrase(status) != "Unknown");
  }
  CHECK(cm::http::status_of(static_cast<errc>(200)) == 500);
}
