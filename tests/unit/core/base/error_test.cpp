#include "catch.hpp"
#include "core/base/error.hpp"

#include <array>
#include <set>
#include <stdexcept>

using namespace cm::core;

TEST_CASE("every error code has a name of its own") {
  std::set<std::string_view> names;
  for (std::size_t i = 0; i < errc_count; ++i)
    names.insert(to_string(static_cast<errc>(i)));
  CHECK(names
        == std::set<std::string_view>{"none", "invalid", "unauthenticated", "forbidden", "not_found", "expired",
                                      "conflict", "precondition_failed", "throttled", "internal", "overloaded",
                                      "unavailable"});
  CHECK(to_string(errc::none) == "none");
  CHECK(to_string(errc::throttled) == "throttled");
  CHECK(to_string(errc::unavailable) == "unavailable");
  CHECK(to_string(static_cast<errc>(200)) == "internal");
}

TEST_CASE("faults are the codes that say nothing about the request") {
  std::set<errc> faults;
  std::set<errc> temporary;
  for (std::size_t i = 0; i < errc_count; ++i) {
    if (is_fault(static_cast<errc>(i)))
      faults.insert(static_cast<errc>(i));
    if (is_temporary(static_cast<errc>(i)))
      temporary.insert(static_cast<errc>(i));
  }
  CHECK(faults == std::set<errc>{errc::internal, errc::overloaded, errc::unavailable});
  CHECK(temporary == std::set<errc>{errc::overloaded, errc::unavailable});
}

TEST_CASE("the value of an error is a fault of the caller that says which error it was") {
  const expected<int> failed = make_error(errc::not_found, "no such token", "id 7");
  REQUIRE_FALSE(failed.has_value());
  CHECK(failed.error().detail == "id 7");
  CHECK(failed.error().fields.empty());
  try {
    (void)failed.value();
    FAIL("no exception");
  } catch (const std::logic_error& e) {
    const std::string text = e.what();
    CHECK(text.find("not_found") != std::string::npos);
    CHECK(text.find("no such token") != std::string::npos);
  }
}
