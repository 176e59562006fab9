// Licenses and their checks, for the tests of the license check.
#pragma once

#include "catch.hpp"
#include "core/license/license.hpp"
#include "license_files.hpp"

#include <openssl/err.h>

#include <chrono>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace license_checks {

inline constexpr std::string_view password = "opened by tests";
inline const cm::core::timestamp now = *cm::core::parse_iso8601("2026-11-22T14:17:00.000Z");

inline license_files::wish good_dates(std::string common_name = "CM test") {
  return {std::move(common_name), now - std::chrono::hours{24}, now + std::chrono::hours{24} * 100};
}

inline license_files::wish authority(const std::string& common_name) {
  auto w = good_dates(common_name);
  w.authority = true;
  return w;
}

inline std::string file_of(const license_files::identity& leaf, std::vector<license_files::certificate> others = {}) {
  return license_files::pkcs12({leaf.key.get(), leaf.cert.get(), std::move(others)});
}

inline cm::core::license_settings settings_for(const std::string& path = "/run/license/license.p12") {
  cm::core::license_settings s;
  s.path = path;
  s.password = cm::core::secret{std::string{password}};
  return s;
}

/// Checks that the message is one line that names the file and does not contain the password.
inline cm::core::license_error failure_of(const cm::core::license_result& result) {
  REQUIRE(result.has_error());
  const auto& e = result.error();
  INFO(e.message);
  CHECK(e.message.find(".p12'") != std::string::npos);
  CHECK(e.message.find('\n') == std::string::npos);
  CHECK(e.message.find(password) == std::string::npos);
  CHECK(ERR_peek_error() == 0);
  return e;
}

inline bool mentions(const cm::core::license_error& e, std::string_view part) {
  return e.message.find(part) != std::string::npos;
}

} // namespace license_checks
