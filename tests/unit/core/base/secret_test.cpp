#include "catch.hpp"
#include "core/base/secret.hpp"

#include <algorithm>
#include <new>

using namespace cm::core;

namespace {

/// Whether `needle` lies in the memory of an object.
template <class T>
bool holds(const T& object, std::string_view needle) {
  const std::string_view memory{reinterpret_cast<const char*>(&object), sizeof(object)};
  return memory.find(needle) != std::string_view::npos;
}

const std::string short_value = "hunter2-short";               // in the string itself
const std::string long_value = "correct horse battery staple"; // on the heap

} // namespace

TEST_CASE("a secret is always masked where it is printed") {
  CHECK(to_string(secret{}) == "******");
  CHECK(to_string(secret{"x"}) == "******");
  CHECK(to_string(secret{long_value}) == "******");
}

TEST_CASE("a secret gives its bytes to who asks for them") {
  for (const auto& value : {short_value, long_value}) {
    const secret one{std::string{value}};
    CHECK(one.reveal() == value);
    CHECK(std::string{one.c_str()} == value);
    CHECK_FALSE(one.empty());
  }
  CHECK(secret{}.empty());
}

TEST_CASE("a moved-from secret is empty and holds nothing of the value") {
  for (const auto& value : {short_value, long_value}) {
    secret from{std::string{value}};
    const secret to{std::move(from)};
    CHECK(to.reveal() == value);
    CHECK(from.empty()); // NOLINT(bugprone-use-after-move): that is the question
    CHECK_FALSE(holds(from, std::string_view{value}.substr(1))); // NOLINT(bugprone-use-after-move)

    secret again{std::string{value}};
    secret target{"something else"};
    target = std::move(again);
    CHECK(target.reveal() == value);
    CHECK(again.empty());                                         // NOLINT(bugprone-use-after-move)
    CHECK_FALSE(holds(again, std::string_view{value}.substr(1))); // NOLINT(bugprone-use-after-move)
  }
}

TEST_CASE("a copy is a secret of its own, and assignment to oneself changes nothing") {
  secret one{long_value};
  const secret copy = one;
  secret other;
  other = one;
  one = secret{};
  CHECK(one.empty());
  CHECK(copy.reveal() == long_value);
  CHECK(other.reveal() == long_value);
  auto& same = other;
  other = same;
  CHECK(other.reveal() == long_value);
  other = std::move(same);
  CHECK(other.reveal() == long_value);
}

TEST_CASE("a shorter secret leaves nothing of a longer one behind") {
  secret one{short_value};
  one = secret{"ab"};
  CHECK(one.reveal() == "ab");
  CHECK_FALSE(holds(one, "nter2-short"));
}

TEST_CASE("the memory of a secret is wiped when it goes") {
  alignas(secret) std::array<unsigned char, sizeof(secret)> room{};
  auto* one = new (room.data()) secret{std::string{short_value}};
  REQUIRE(holds(room, short_value));
  one->~secret();
  CHECK_FALSE(holds(room, std::string_view{short_value}.substr(1)));
}

TEST_CASE("secrets are equal when their bytes are") {
  CHECK(secret{"abc"} == secret{"abc"});
  CHECK_FALSE(secret{"abc"} == secret{"abd"});
  CHECK_FALSE(secret{"abc"} == secret{"ab"});
  CHECK_FALSE(secret{"abc"} == secret{});
  CHECK(secret{} == secret{});
  CHECK_FALSE(secret{std::string("a\0b", 3)} == secret{std::string("a\0c", 3)});
}

TEST_CASE("a wiped string is empty and its bytes are overwritten, also those beyond its length") {
  std::string text = short_value;
  text.resize(3);
  wipe(text);
  CHECK(text.empty());
  CHECK_FALSE(holds(text, std::string_view{short_value}.substr(4)));
}
