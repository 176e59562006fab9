#include "catch.hpp"
#include "core/base/error.hpp"
#include "core/base/try.hpp"

#include <memory>
#include <string>
#include <utility>
#include <vector>

using namespace cm::core;

namespace {

// Counts its copies and moves, and notes its end in `ends`.
struct traced {
  explicit traced(std::vector<std::string>* ends_in) : ends(ends_in) {}

  traced(const traced& from) : ends(from.ends), copies(from.copies + 1), moves(from.moves) {}

  traced(traced&& from) noexcept
    : ends(std::exchange(from.ends, nullptr)), copies(from.copies), moves(from.moves + 1) {}

  traced& operator=(const traced&) = delete;
  traced& operator=(traced&&) = delete;

  ~traced() {
    if (ends != nullptr)
      ends->emplace_back("end of the value");
  }

  std::vector<std::string>* ends;
  int copies = 0;
  int moves = 0;
};

expected<int> number(bool good) {
  if (!good)
    return make_error(errc::conflict, "no number", "detail");
  return 7;
}

expected<void> step(bool good) {
  if (!good)
    return make_error(errc::not_found, "no step");
  return {};
}

expected<std::string> text_of_number(bool good) {
  CM_TRY(const auto value, number(good));
  return std::to_string(value);
}

} // namespace

TEST_CASE("CM_TRY declares a variable that has the value of the expression") {
  const auto text = text_of_number(true);
  REQUIRE(text.has_value());
  CHECK(*text == "7");
}

TEST_CASE("CM_TRY returns the whole error from a function with another value type") {
  const auto text = text_of_number(false);
  REQUIRE_FALSE(text.has_value());
  CHECK(text.error() == make_error(errc::conflict, "no number", "detail"));
}

TEST_CASE("CM_TRY evaluates the expression once") {
  int calls = 0;
  const auto run = [&calls]() -> expected<int> {
    const auto next = [&calls]() -> expected<int> { return ++calls; };
    CM_TRY(const auto value, next());
    return value;
  };
  CHECK(*run() == 1);
  CHECK(calls == 1);
}

TEST_CASE("CM_TRY accepts an expression with commas outside of parentheses") {
  const auto run = []() -> expected<std::size_t> {
    CM_TRY(const auto& pair, expected<std::pair<int, std::string>>{std::pair<int, std::string>{1, "one"}});
    return pair.second.size();
  };
  CHECK(*run() == 3);
}

TEST_CASE(
  "a reference that CM_TRY declares neither copies nor moves the value, which lives until the end of the block") {
  std::vector<std::string> events;
  const auto run = [&events]() -> expected<int> {
    CM_TRY(auto&& value, expected<traced>(boost::system::in_place_value, &events));
    events.emplace_back("use");
    return value.copies + value.moves;
  };
  CHECK(*run() == 0);
  CHECK(events == std::vector<std::string>{"use", "end of the value"});
}

TEST_CASE("a variable that CM_TRY declares without a reference is moved, so that values without a copy will do") {
  const auto run = []() -> expected<int> {
    CM_TRY(const auto value, expected<std::unique_ptr<int>>{std::make_unique<int>(5)});
    return *value;
  };
  CHECK(*run() == 5);
}

TEST_CASE("CM_TRY does not move the value out of an lvalue") {
  const auto run = [](const expected<std::string>& constant, expected<std::string>& variable) -> expected<std::string> {
    CM_TRY(const auto first, constant);
    CM_TRY(const auto second, variable);
    return first + second;
  };
  const expected<std::string> constant{"a text that is too long for the short string buffer"};
  auto variable = constant;
  CHECK(*run(constant, variable) == *constant + *constant);
  CHECK(*variable == *constant);
}

TEST_CASE("CM_TRY assigns to a variable that exists already") {
  const auto run = [](bool good) -> expected<int> {
    int value = 1;
    CM_TRY(value, number(good));
    return value;
  };
  CHECK(*run(true) == 7);
  CHECK(run(false).error().code == errc::conflict);
}

TEST_CASE("CM_TRY works in nested blocks and several times in one of them") {
  const auto run = [](bool inner) -> expected<int> {
    CM_TRY(auto sum, number(true));
    for (int i = 0; i < 2; ++i) {
      CM_TRY(const auto value, number(inner));
      CM_TRY_VOID(step(true));
      sum += value;
    }
    return sum;
  };
  CHECK(*run(true) == 21);
  CHECK(run(false).error().code == errc::conflict);
}

TEST_CASE("CM_TRY_VOID goes on after a success and returns the error of a failure") {
  const auto run = [](bool good, bool& went_on) -> expected<int> {
    CM_TRY_VOID(step(good));
    went_on = true;
    return 1;
  };
  bool went_on = false;
  CHECK(run(false, went_on).error().code == errc::not_found);
  CHECK_FALSE(went_on);
  CHECK(*run(true, went_on) == 1);
  CHECK(went_on);
}

TEST_CASE("CM_TRY_VOID ignores the value of a success") {
  const auto run = [](bool good) -> expected<void> {
    CM_TRY_VOID(number(good));
    return {};
  };
  CHECK(run(true).has_value());
  CHECK(run(false).error().code == errc::conflict);
}

TEST_CASE("CM_TRY_VOID is one statement, so that it does as the body of an if with an else") {
  const auto run = [](bool first) -> expected<int> {
    if (first)
      CM_TRY_VOID(step(true));
    else
      CM_TRY_VOID(step(false));
    return 1;
  };
  CHECK(*run(true) == 1);
  CHECK(run(false).error().code == errc::not_found);
}
