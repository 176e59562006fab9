#include "catch.hpp"
#include "core/base/secret.hpp"

#include <algorithm>
#include <new>

using namespace cm::core;

namespace {

/// Whether the memory of an object contains `needle`.
template <class T>
bool holds(const T& object, std::string_view needle) {
  const std::string_view memory{reinterpret_cast<const char*>(&object), sizeof(object)};
  return memory.find(needle) != std::string_view::npos;
}

const std::string short_value = "hunter2-short";               // stored in the string object
const std::string long_value = "correct horse battery staple"; // on the heap

} // namespace

TEST_CASE("a printed secret is masked") {
  CHECK(to_string(secret{}) == "******");
  CHECK(to_string(secret{"x"}) == "******");
  CHECK(to_string(secret{long_value}) == "******");
}

TEST_CASE("a secret returns its bytes on request") {
  for (const auto& value : {short_value, long_value}) {
    const secret original{std::string{value}};
    CHECK(original.reveal() == value);
    CHECK(std::string{original.c_str()} == value);
    CHECK_FALSE(original.empty());
  }
  CHECK(secret{}.empty());
}

TEST_CASE("a moved-from secret is empty and contains no bytes of the value") {
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

TEST_CASE("copies are independent, and self-assignment changes nothing") {
  secret original{long_value};
  const secret copy = original;
  secret other;
  other = original;
  original = secret{};
  CHECK(original.empty());
  CHECK(copy.reveal() == long_value);
  CHECK(other.reveal() == long_value);
  auto& same = other;
  other = same;
  CHECK(other.reveal() == long_value);
  other = std::move(same);
  CHECK(other.reveal() == long_value);
}

TEST_CASE("assignment of a shorter secret leaves no bytes of the longer one") {
  secret original{short_value};
  original = secret{"ab"};
  CHECK(original.reveal() == "ab");
  CHECK_FALSE(holds(original, "nter2-short"));
}

TEST_CASE("the destructor wipes the memory of a secret") {
  alignas(secret) std::array<unsigned char, sizeof(secret)> storage{};
  auto* original = new (storage.data()) secret{std::string{short_value}};
  REQUIRE(holds(storage, short_value));
  original->~secret();
  CHECK_FALSE(holds(storage, std::string_view{short_value}.substr(1)));
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
